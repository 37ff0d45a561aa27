import type { Inheritance } from '../memory/family.ts';

/** What a worker thread is started with: it is how an entry knows that it is one. */
export interface ThreadBirth {
  readonly multiprocThread: Inheritance;
  /** Compiled code of the library, which only `dist/` has: see `CodeOfThreads`. */
  readonly multiprocCode: unknown;
  /** Words that the thread shares with the one who started it: see `word`. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Words of a `ThreadBirth`. */
export const word = {
  /** One of `stage`; changed by compareExchange. */
  stage: 0,
  /** The exit code once the thread knows it, `UNKNOWN` until then; written by the thread. */
  exitCode: 1,
  words: 2,
} as const;

/** BOOTING → JOINED by the thread, just before it touches the heap; BOOTING → REFUSED by whoever ends it before: it never does then. */
export const stage = { BOOTING: 0, JOINED: 1, REFUSED: 2 } as const;

/** No exit code yet. */
export const UNKNOWN = -0x80000000;
