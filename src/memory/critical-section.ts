import type { Heap } from './heap.ts';
import { wordIndex } from './heap.ts';
import { needMuchStack, needStack } from './stack-room.ts';

/** Set beside the owner while other members may sleep at the word. */
const CONTENDED = 1 << 30;
/** The number of tries before a sleep: about 2 µs, several times the length of a section. */
const SPINS = 100;
/** Milliseconds of sleep before a check whether the owner lives. Only contended sections get here. */
const PATIENCE = 20;

/** Returns whether the member that a word names is gone. */
type IsGone = (member: number) => boolean;

/** Settles what one that was cut short inside has begun there; what it throws leaves the section to the next. */
type Settle = () => void;

/** What a section knows of the member that enters it. */
interface SectionUser {
  /** This member's number. */
  readonly me: number;
  readonly isGone: IsGone;
  /** Finishes what a dead owner has begun. */
  readonly settle: Settle | undefined;
}

/**
 * A lock for a few dozen instructions on shared memory, never for a wait or a call of user code.
 *
 * One word: 0 free, else the member that is inside, with `CONTENDED` set while others may sleep (Drepper, "Futexes are
 * tricky", third mutex). A member that has waited too long looks whether the owner lives and takes the section over if it does not; what
 * is changed inside becomes visible by one store, so there is nothing to repair but what an intent names. See README.md, "Critical sections".
 */
export class CriticalSection {
  readonly #heap: Heap;
  readonly #offset: number;
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #me: number;
  readonly #isGone: IsGone;
  readonly #settle: Settle | undefined;

  constructor(heap: Heap, offset: number, { me, isGone, settle }: SectionUser) {
    this.#heap = heap;
    this.#offset = offset;
    this.#words = heap.words(offset);
    this.#index = wordIndex(offset);
    this.#me = me;
    this.#isGone = isGone;
    this.#settle = settle;
  }

  /** Enters the section and waits if needed. Throws, while still outside, if the stack has no room for the work inside. Leave it in a `finally`. */
  enter(): void {
    needStack();
    this.#enter();
  }

  /** Enters the section as `enter` does, with stack for later work too: other members see the change, and waiters must then be woken. */
  enterToCommit(): void {
    needMuchStack();
    this.#enter();
  }

  /** Enters the section as `enter` does, runs `work`, and leaves the section however `work` ends. Returns what `work` returns. */
  run<T>(work: () => T): T {
    this.enter();
    try {
      return work();
    } finally {
      this.leave();
    }
  }

  /** Enters the section as `enterToCommit` does, runs `work`, and leaves the section however `work` ends. Returns what `work` returns. */
  commit<T>(work: () => T): T {
    this.enterToCommit();
    try {
      return work();
    } finally {
      this.leave();
    }
  }

  #enter(): void {
    // SYNC(section): sees all writes that the last owner made inside.
    if (Atomics.compareExchange(this.#words, this.#index, 0, this.#me) !== 0) this.#enterContended();
  }

  leave(): void {
    // SYNC(section): hands the writes made inside to the next owner.
    if (Atomics.exchange(this.#words, this.#index, 0) & CONTENDED) {
      this.#heap.memory.wake(this.#offset);
    }
  }

  #enterContended(): void {
    const words = this.#words;
    const index = this.#index;
    // No thread enters a section twice, so an earlier call of ours was cut short inside, as by the time-out of a script in `node:vm`.
    if ((Atomics.load(words, index) & ~CONTENDED) === this.#me) {
      this.#settle?.();
      return;
    }
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.compareExchange(words, index, 0, this.#me) === 0) return;
    }
    const mine = this.#me | CONTENDED;
    for (;;) {
      // A member that slept here takes the word with CONTENDED set, because it cannot know whether it was the only sleeper.
      const seen = Atomics.compareExchange(words, index, 0, mine);
      if (seen === 0) return;
      const owner = seen & ~CONTENDED;
      const marked = owner | CONTENDED;
      if (seen !== marked && Atomics.compareExchange(words, index, seen, marked) !== seen) continue;
      this.#heap.memory.sleep(this.#offset, marked, PATIENCE);
      const after = Atomics.load(words, index);
      if (after === marked && this.#isGone(owner) && Atomics.compareExchange(words, index, after, mine) === after) {
        this.#settleFor(after);
        return;
      }
    }
  }

  /** Settles what the dead owner has begun; where that fails, the section is as it was. */
  #settleFor(owner: number): void {
    try {
      this.#settle?.();
    } catch (error) {
      Atomics.store(this.#words, this.#index, owner);
      throw error;
    }
  }
}
