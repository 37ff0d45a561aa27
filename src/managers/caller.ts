import type { Client } from './client.ts';

/** One call of a client, as the called object sees it. */
export class Caller {
  readonly client: Client;
  #controller: AbortController | undefined;
  #listener: (() => void) | undefined;
  #reason: unknown;

  constructor(client: Client) {
    this.client = client;
  }

  /** Aborted when the client gives up or is gone: pass it on to everything that waits. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The reason of the abort, if there was one. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Calls `listener` when the client gives up or is gone; `undefined` removes the listener. A single wait uses this because it costs less than a signal. */
  set onAbort(listener: (() => void) | undefined) {
    this.#listener = listener;
  }

  abort(reason: unknown): void {
    this.#reason ??= reason;
    this.#listener?.();
    this.#controller?.abort(this.#reason);
  }
}
