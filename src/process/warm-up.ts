import { SimpleQueue } from '../channel/simple-queue.ts';
import { asOurselves } from '../loading/loaded-for-functions.ts';
import { Lock } from '../sync/lock.ts';

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

/** What a spare does before it is needed. */
interface WarmUp {
  readonly target: (...args: readonly unknown[]) => unknown;
  readonly args: unknown[];
  /** Closes what the arguments hold, once they have been packed. */
  readonly end: () => void;
}

/** Returns the work with which a spare warms up: a function of a queue and the class `Lock` that uses a little of everything. */
export function warmUp(): WarmUp {
  compiled ??= process.getBuiltinModule('node:vm').runInThisContext(text) as NonNullable<typeof compiled>;
  const queue = asOurselves(() => new SimpleQueue());
  return { target: compiled, args: [queue, Lock, new Map([[1, 2]])], end: () => queue.close() };
}
