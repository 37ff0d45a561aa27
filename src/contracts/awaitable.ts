/** What `await` makes a `T` of: a value that is there, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** True for a promise, and for any other object or function with a method `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayBe && typeof (value as { then?: unknown }).then === 'function';
}
