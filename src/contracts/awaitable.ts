/** What `await` makes a `T` of: a value that is there, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;
