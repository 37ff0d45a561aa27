/** The result of an attempt that did not succeed. */
export const NOT_YET: unique symbol = Symbol('not yet');
export type NotYet = typeof NOT_YET;
/** One try to get something, without waiting. */
export type Attempt<T> = () => T | NotYet;
