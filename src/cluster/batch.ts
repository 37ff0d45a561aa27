import { nextTick } from '../engine/builtins.ts';

/** The largest number of calls, and of bytes, in one step. */
const MOST_CALLS = 256;
const MOST_BYTES = 2 ** 18;

/** Gathers calls of one kind that come in one turn of the event loop: one step of a script takes all of them, in their order. */
export class Batch<Call> {
  readonly #take: (kind: string, calls: readonly Call[]) => void;
  #kind = '';
  #calls: Call[] = [];
  #bytes = 0;

  constructor(take: (kind: string, calls: readonly Call[]) => void) {
    this.#take = take;
  }

  add(kind: string, call: Call, bytes: number): void {
    if (kind !== this.#kind || this.#bytes + bytes > MOST_BYTES) this.#flush();
    // Runs after the calls of this turn, and before the event loop turns.
    if (this.#calls.length === 0) nextTick(this.#flush);
    this.#kind = kind;
    this.#bytes += bytes;
    if (this.#calls.push(call) === MOST_CALLS) this.#flush();
  }

  readonly #flush = (): void => {
    if (this.#calls.length === 0) return;
    const calls = this.#calls;
    this.#calls = [];
    this.#bytes = 0;
    this.#take(this.#kind, calls);
  };
}
