import type { Inheritance } from '../memory/family.ts';

/** The start data of a worker thread; an entry recognizes by it that it runs in a thread of the library. */
export interface ThreadBootstrap {
  readonly multiprocThread: Inheritance;
  /** Compiled code of the library, which only `dist/` has: see `CodeOfThreads`. */
  readonly multiprocCode: unknown;
  /** Words that the thread shares with its parent thread: see `word`. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Words of a `ThreadBootstrap`. */
export const word = {
  /** One of `stage`; both threads write it by compareExchange. */
  stage: 0,
  /** The exit code once the thread knows it, `UNKNOWN` until then; written by the thread. */
  exitCode: 1,
  words: 2,
} as const;

/**
 * BOOTING → JOINED is written by the thread, just before it touches the heap. BOOTING → REFUSED is written by a thread that ends it
 * earlier; the new thread then never touches the heap.
 */
export const stage = { BOOTING: 0, JOINED: 1, REFUSED: 2 } as const;

/** No exit code yet. */
export const UNKNOWN = -0x80000000;
