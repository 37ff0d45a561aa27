let one: object | undefined;

/** Runs `send`, which sends this process to its own child. */
export function departing<T>(process: object, send: () => T): T {
  const before = one;
  one = process;
  try {
    return send();
  } finally {
    one = before;
  }
}

/** True while the process is sent to its own child. */
export function isDeparting(process: object): boolean {
  return process === one;
}
