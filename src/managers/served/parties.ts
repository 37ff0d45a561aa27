import type { Client } from '../client.ts';

/** The clients that have come to a barrier, in this round or an earlier one. One that is killed, or ends while it waits, breaks it. */
export class Parties {
  readonly #break: () => void;
  readonly #onLast: () => void;
  readonly #known = new Map<Client, { waits: number; forget: () => void }>();

  /** `onLast` is called when the last of them has ended in order. */
  constructor(breakBarrier: () => void, onLast: () => void = () => {}) {
    this.#break = breakBarrier;
    this.#onLast = onLast;
  }

  /** Runs a wait of a client. */
  async waiting<R>(client: Client, wait: () => Promise<R>): Promise<R> {
    const party = this.#partyOf(client);
    party.waits++;
    try {
      return await wait();
    } finally {
      party.waits--;
    }
  }

  /** Forgets all parties, because the barrier is gone. */
  dispose(): void {
    for (const { forget } of this.#known.values()) forget();
    this.#known.clear();
  }

  #partyOf(client: Client): { waits: number } {
    let party = this.#known.get(client);
    if (party === undefined) {
      party = { waits: 0, forget: client.onEnd((orderly) => this.#ended(client, orderly)) };
      this.#known.set(client, party);
    }
    return party;
  }

  #ended(client: Client, orderly: boolean): void {
    const isWaiting = this.#known.get(client)!.waits > 0;
    this.#known.delete(client);
    if (isWaiting || !orderly) this.#break();
    else if (this.#known.size === 0) this.#onLast();
  }
}
