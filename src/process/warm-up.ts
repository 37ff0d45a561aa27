/** A text of its own: sending a function from a file of the library would mean parsing the whole file. */
const text = `(queue, Lock) => {
  queue.putSync(['a', 1.5, { to: queue }]);
  queue.getSync();
  const lock = new Lock();
  lock.acquireSync();
  lock.release();
  lock.close();
}`;
let compiled: ((...args: readonly unknown[]) => unknown) | undefined;

/** Returns the function with which a spare warms up: a function of a queue and the class `Lock` that uses a little of everything. */
export function warmUp(): (...args: readonly unknown[]) => unknown {
  compiled ??= process.getBuiltinModule('node:vm').runInThisContext(text) as NonNullable<typeof compiled>;
  return compiled;
}
