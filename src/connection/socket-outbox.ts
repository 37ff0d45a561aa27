import { EndOfStreamError, StateError, TimeoutError } from '../contracts/errors.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import { NOT_YET } from '../waits/attempt.ts';
import { expireOn } from '../waits/expiry.ts';
import { DONE, soon } from '../waits/loop-turn.ts';
import { Waiters } from '../waits/waiters.ts';
import type { Pieces } from './frame.ts';
import type { SocketStream } from './socket-stream.ts';

/** Writes messages to a socket, one after the other, as fast as the other end takes them. */
export class SocketOutbox {
  readonly #stream: SocketStream;
  readonly #onChange: () => void;
  /** The sends that wait until the message before theirs is written. */
  readonly #turns: Waiters;
  /** True while a message is being written. */
  #busy = false;
  /** The reason for which nothing can be sent any more. */
  #over: Error | undefined;
  #abandon: ((error: Error) => void) | undefined;

  /** `onChange` is called when `isPending` may have changed. */
  constructor(stream: SocketStream, onChange: () => void) {
    this.#stream = stream;
    this.#onChange = onChange;
    this.#turns = new Waiters({ begin: onChange, end: onChange });
  }

  /** True while a send waits. */
  get isPending(): boolean {
    return this.#busy || !this.#turns.isEmpty;
  }

  /** Sends one message; resolves when the system has all of it. */
  send(pieces: Pieces, options: WaitOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    if (this.#busy) return this.#sendInTurn(pieces, options);
    if (this.#over !== undefined) throw this.#over;
    const left = this.#writeNow(pieces);
    if (left !== undefined) return this.#writeLater(left, options, clock() + readTimeout(options));
    return soon(DONE);
  }

  /** Sends one message and blocks the thread until the system has all of it. */
  sendSync(pieces: Pieces, options: SyncWaitOptions | undefined): void {
    const timeout = readTimeout(options);
    const deadline = clock() + timeout;
    if (this.#over !== undefined) throw this.#over;
    // Over TLS it throws.
    this.#stream.fd;
    if (this.#busy) {
      throw new StateError(
        'An earlier send() of this Connection is not done, which takes the event loop: await it first.',
      );
    }
    let left = this.#writeNow(pieces);
    while (left !== undefined) {
      const remaining = deadline - clock();
      if (remaining <= 0 || !this.#stream.awaitReady('write', remaining)) throw this.#tear(timeout, left !== pieces);
      left = this.#writeNow(left);
    }
  }

  /** Nothing can be sent any more: the other end is gone. */
  end(cause: Error | undefined): void {
    this.#finish(new EndOfStreamError('The other end of the Connection is gone: nothing can be sent.', { cause }));
  }

  /** Ends all waits with an error; the message that is being written is still sent. */
  close(error: Error): void {
    this.#finish(error);
  }

  #finish(error: Error): void {
    this.#over ??= error;
    this.#abandon?.(error);
    this.#turns.fail(error);
  }

  async #sendInTurn(pieces: Pieces, options: WaitOptions | undefined): Promise<void> {
    const deadline = clock() + readTimeout(options);
    await this.#turns.wait(
      () => {
        if (this.#busy) return NOT_YET;
        this.#busy = true;
        return undefined;
      },
      options,
      () => {
        throw outOfTime(options?.timeout, 'Nothing of the message was sent.');
      },
    );
    let left: Pieces | undefined;
    try {
      if (this.#over !== undefined) throw this.#over;
      left = this.#writeNow(pieces);
    } finally {
      if (left === undefined) this.#release();
    }
    if (left !== undefined) await this.#writeLater(left, options, deadline);
  }

  #release(): void {
    this.#busy = false;
    this.#turns.serve();
    this.#onChange();
  }

  /** Writes the bytes that the system takes at once; returns the rest, `undefined` if there is none. */
  #writeNow(pieces: Pieces): Pieces | undefined {
    if (!this.#stream.isDirect) return pieces;
    try {
      for (const [i, piece] of pieces.entries()) {
        let at = 0;
        while (at < piece.length) {
          const count = this.#stream.writeNow(piece, at);
          if (count === 0) return i === 0 && at === 0 ? pieces : [piece.subarray(at), ...pieces.slice(i + 1)];
          at += count;
        }
      }
      return undefined;
    } catch (error) {
      // Messages that the other end sent before may still be received.
      this.end(error as Error);
      throw this.#over;
    }
  }

  #writeLater(pieces: Pieces, options: WaitOptions | undefined, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#busy = true;
      this.#onChange();
      const settle = (error: Error | null | undefined) => {
        if (this.#abandon !== settle) return;
        this.#abandon = undefined;
        stop();
        if (error) reject(error);
        else resolve();
        this.#release();
      };
      const stop = expireOn(
        { timeout: deadline - clock(), signal: options?.signal },
        () => settle(this.#tear(options?.timeout, true)),
        (reason) => {
          this.#tear(0, true);
          settle(reason as Error);
        },
      );
      this.#abandon = settle;
      this.#stream.writeLater(pieces, (error) => {
        settle(error && new EndOfStreamError('The other end of the Connection is gone.', { cause: error }));
      });
    });
  }

  /** The time-out came in the middle of a message, whose rest could not be told from the next message: the connection ends. */
  #tear(timeout: number | undefined, begun: boolean): Error {
    if (!begun) return outOfTime(timeout, 'Nothing of the message was sent.');
    this.#stream.destroy();
    return outOfTime(timeout, 'A part of the message was sent, so the connection is closed.');
  }
}

function outOfTime(timeout: number | undefined, what: string): TimeoutError {
  return new TimeoutError(`The other end took no more within ${timeout} ms. ${what}`);
}
