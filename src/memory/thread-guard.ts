import type { EndGuard } from '../platform/uninterrupted.ts';
import { SLOTS } from './members.ts';

/** Words for each slot of the member table, shared by the threads of one process. */
const word = {
  /** 1 while the thread is where it must not be ended; written by it. */
  inside: 0,
  /** The name of the thread once it is to be ended; written by whoever ends it. */
  condemned: 1,
  /** Its name again once Node has been asked to end it, when it may also end itself; written by whoever ends it. */
  released: 2,
  words: 3,
} as const;
/** Milliseconds asleep before looking again: a wake-up can get lost. */
const PATIENCE = 5;

/**
 * Has a thread be ended only where that is safe: see process/README.md, "Threads". The thread says that it goes in, then looks
 * whether it is to be ended; who ends it says so first, then looks whether it is inside.
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
    // SYNC(guard): either we see that we are to be ended, or that one sees us inside.
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
   * Where a condemned thread waits for its end. Node ends the wait; Node 26 has been seen not to, where the thread was just starting
   * another. So the thread ends itself as soon as it may.
   */
  awaitEnd(): never {
    const at = this.#at + word.released;
    for (;;) {
      // SYNC(release): all below this thread are where they may be ended by now.
      const seen = Atomics.load(this.#words, at);
      if (seen === this.#me) (process as unknown as { reallyExit(code: number): never }).reallyExit(1);
      Atomics.wait(this.#words, at, seen);
    }
  }

  #isCondemned(): boolean {
    return Atomics.load(this.#words, this.#at + word.condemned) === this.#me;
  }
}

/** Prepares the words of a thread that is about to start. */
export function resetGuard(words: Int32Array, thread: number): void {
  Atomics.store(words, recordOf(thread) + word.inside, 0);
}

/** Keeps the thread from going in from now on. */
export function closeGuard(words: Int32Array, thread: number): void {
  // SYNC(guard)
  Atomics.store(words, recordOf(thread) + word.condemned, thread);
}

/** Waits until the thread is not inside; some ms at most, since it blocks in nothing there. */
export function awaitOutside(words: Int32Array, thread: number): void {
  const at = recordOf(thread) + word.inside;
  while (Atomics.load(words, at) === 1) Atomics.wait(words, at, 1, PATIENCE);
}

/** Has the thread end itself if it waits for its end, or comes to that. */
export function releaseGuard(words: Int32Array, thread: number): void {
  const at = recordOf(thread) + word.released;
  // SYNC(release)
  Atomics.store(words, at, thread);
  Atomics.notify(words, at);
}

function recordOf(thread: number): number {
  return (thread & (SLOTS - 1)) * word.words;
}
