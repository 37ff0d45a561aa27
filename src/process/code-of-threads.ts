/**
 * The compiled code of the library for the threads of this thread. They read and write no files for it: a thread that is ended while it
 * has a file open would leave the file open for good.
 */
export interface CodeOfThreads {
  /** Returns the code that a thread is given at its start: all of it is shared, nothing is copied. */
  given(): unknown;
  /** Keeps the code that a thread has compiled and sent at its end, for threads of later programs. */
  keep(sent: unknown): void;
}

let code: CodeOfThreads | undefined;

/** Registers the code. Only `dist/` does this (see scripts/parts.mjs), because the source has no compiled code that is kept. */
export function registerCodeOfThreads(found: CodeOfThreads): void {
  code = found;
}

/** Returns the registered code, `undefined` in the source. */
export function codeOfThreads(): CodeOfThreads | undefined {
  return code;
}
