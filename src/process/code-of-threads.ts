/**
 * Compiled code of the library for the threads that this one starts. They read and write no files for it: a thread that is ended while it has
 * one open would leave that open for good.
 */
export interface CodeOfThreads {
  /** What a thread is given when it starts: all is shared, nothing is copied. */
  given(): unknown;
  /** Keeps what a thread has compiled and sent here at its end, for threads of later programs. */
  keep(sent: unknown): void;
}

let code: CodeOfThreads | undefined;

/** Says how: `dist/` does, which scripts/parts.mjs sees to. What runs from the source has no compiled code that is kept. */
export function registerCodeOfThreads(found: CodeOfThreads): void {
  code = found;
}

export function codeOfThreads(): CodeOfThreads | undefined {
  return code;
}
