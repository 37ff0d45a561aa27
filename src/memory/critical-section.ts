import type { Heap } from './heap.ts';
import { wordIndex } from './heap.ts';
import { needMuchStack, needStack } from './stack-room.ts';

/** Set beside the owner while somebody may be asleep at the word. */
const CONTENDED = 1 << 30;
/** Tries before going to sleep: about 2 µs, several times what a section takes. */
const SPINS = 100;
/** Milliseconds asleep before looking whether the owner still lives. Only contention ever gets here. */
const PATIENCE = 20;

/** Says whether the member that a word names is gone. */
export type IsGone = (member: number) => boolean;

/**
 * A lock for a few dozen instructions on shared memory, never for a wait or a user's call.
 *
 * One word: 0 free, else the member that is inside, with `CONTENDED` set while others may sleep (Drepper, "Futexes are
 * tricky", third mutex). Who has waited too long looks whether the owner lives and takes the section over if it does not; what
 * is changed inside becomes visible by one store, so there is nothing to repair. See README.md, "Critical sections".
 */
export class CriticalSection {
  readonly #heap: Heap;
  readonly #offset: number;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #me: number;
  readonly #isGone: IsGone;

  constructor(heap: Heap, offset: number, me: number, isGone: IsGone) {
    this.#heap = heap;
    this.#offset = offset;
    this.#words = heap.words(offset);
    this.#index = wordIndex(offset);
    this.#me = me;
    this.#isGone = isGone;
  }

  /** Goes in, waiting if need be; throws outside if the stack has no room for what is done inside. Leave in a `finally`. */
  enter(): void {
    needStack();
    this.#enter();
  }

  /** The same with room for what comes after it as well: a change was made that others see, and they are to be woken. */
  enterToCommit(): void {
    needMuchStack();
    this.#enter();
  }

  #enter(): void {
    // SYNC(section): sees all that the one before wrote inside.
    if (Atomics.compareExchange(this.#words, this.#index, 0, this.#me) !== 0) this.#enterContended();
  }

  leave(): void {
    // SYNC(section): hands what was written inside to the next one.
    if (Atomics.exchange(this.#words, this.#index, 0) & CONTENDED) {
      this.#heap.memory.wake(this.#offset);
    }
  }

  #enterContended(): void {
    const words = this.#words;
    const index = this.#index;
    // No thread enters a section twice, so an earlier call of ours was cut short inside, as by the time-out of a script in `node:vm`.
    if ((Atomics.load(words, index) & ~CONTENDED) === this.#me) return;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.compareExchange(words, index, 0, this.#me) === 0) return;
    }
    const mine = this.#me | CONTENDED;
    for (;;) {
      // Whoever slept here takes the word with CONTENDED set: it cannot know whether it was the only sleeper.
      const seen = Atomics.compareExchange(words, index, 0, mine);
      if (seen === 0) return;
      const owner = seen & ~CONTENDED;
      const marked = owner | CONTENDED;
      if (seen !== marked && Atomics.compareExchange(words, index, seen, marked) !== seen) continue;
      this.#heap.memory.sleep(this.#offset, marked, PATIENCE);
      const after = Atomics.load(words, index);
      if (after === marked && this.#isGone(owner) && Atomics.compareExchange(words, index, after, mine) === after)
        return;
    }
  }
}
