/**
 * The text of an error's stack. `undefined` where there is none: a program may have replaced `Error.prepareStackTrace`, so that a
 * stack is anything, or throws.
 */
export function stackOf(error: object): string | undefined {
  try {
    const { stack } = error as { stack?: unknown };
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** What `make` gives, with stacks of so many lines; as many as ever where the program has frozen `Error.stackTraceLimit`. */
export function withStackLimit<T>(lines: number, make: () => T): T {
  const before = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', lines);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', before);
  }
}
