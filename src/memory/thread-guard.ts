import type { EndGuard } from '../platform/uninterrupted.ts';
import { SLOTS } from './members.ts';

/** Words for each slot of the member table, shared by the threads of one process. */
const word = {
  /** 1 while the thread is where it must not be ended; written by the thread. */
  inside: 0,
  /** The thread's member number once it is to be ended; written by the member that ends it. */
  condemned: 1,
  /** The thread's member number once Node has been asked to end it: it may then also end itself. Written by the member that ends it. */
  released: 2,
  words: 3,
} as const;
/** Milliseconds of sleep before another check: a wake-up can get lost. */
const PATIENCE = 5;

/**
 * Lets a thread be ended only where that is safe: see process/README.md, "Threads". The thread writes that it enters, then checks whether
 * it is to be ended. The member that ends it writes that first, then checks whether the thread is inside.
 */
export class ThreadGuard implements EndGuard {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #me: number;
  readonly #at: number;

  constructor(words: Int32Array<SharedArrayBuffer>, me: number) {
    this.#words = words;
    this.#me = me;
    this.#at = recordOf(me);
  }

  static createWords(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(new SharedArrayBuffer(SLOTS * word.words * 4));
  }

  enter(): void {
    // SYNC(guard): either this thread sees that it is to be ended, or the other member sees it inside.
    Atomics.store(this.#words, this.#at + word.inside, 1);
    if (!this.#isCondemned()) return;
    this.leave();
    this.awaitEnd();
  }

  leave(): void {
    Atomics.store(this.#words, this.#at + word.inside, 0);
    if (this.#isCondemned()) Atomics.notify(this.#words, this.#at + word.inside);
  }

  /**
   * The function in which a condemned thread waits for its end. Node ends the wait; but Node 26 did not in cases where the thread was
   * just starting another. Therefore the thread ends itself as soon as it may.
   */
  awaitEnd(): never {
    const at = this.#at + word.released;
    for (;;) {
      // SYNC(release): all threads below this one are where they may be ended by now.
      const seen = Atomics.load(this.#words, at);
      if (seen === this.#me) (process as unknown as { reallyExit(code: number): never }).reallyExit(1);
      Atomics.wait(this.#words, at, seen);
    }
  }

  #isCondemned(): boolean {
    return Atomics.load(this.#words, this.#at + word.condemned) === this.#me;
  }
}

/** Initializes the words of a thread that is about to start. */
export function resetGuard(words: Int32Array, thread: number): void {
  Atomics.store(words, recordOf(thread) + word.inside, 0);
}

/** Keeps the thread from entering from now on. */
export function closeGuard(words: Int32Array, thread: number): void {
  // SYNC(guard)
  Atomics.store(words, recordOf(thread) + word.condemned, thread);
}

/** Waits until the thread is not inside; a few ms at most, because it blocks in nothing there. */
export function awaitOutside(words: Int32Array, thread: number): void {
  const at = recordOf(thread) + word.inside;
  while (Atomics.load(words, at) === 1) Atomics.wait(words, at, 1, PATIENCE);
}

/** Lets the thread end itself if it waits for its end, or comes to that. */
export function releaseGuard(words: Int32Array, thread: number): void {
  const at = recordOf(thread) + word.released;
  // SYNC(release)
  Atomics.store(words, at, thread);
  Atomics.notify(words, at);
}

function recordOf(thread: number): number {
  return (thread & (SLOTS - 1)) * word.words;
}
