/**
 * Returns the text of an error's stack, `undefined` if there is none: a program may have replaced `Error.prepareStackTrace`, so that a
 * stack can be any value, or throws.
 */
export function stackOf(error: object): string | undefined {
  try {
    const { stack } = error as { stack?: unknown };
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the stack of an error, its message if there is no stack, and the text of any other value. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (stackOf(error) ?? error.message) : String(error);
}

/** Returns the result of `make`, with stacks of this many lines; with the usual number if the program has frozen `Error.stackTraceLimit`. */
export function withStackLimit<T>(lines: number, make: () => T): T {
  const before = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', lines);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', before);
  }
}
