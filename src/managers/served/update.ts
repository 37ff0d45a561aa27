import { isThenable } from '../../contracts/awaitable.ts';

/** Calls `fn` with the old value and returns the result, in one step: no other call runs meanwhile, so `fn` must not be async. */
export function updated(fn: unknown, old: unknown): unknown {
  if (typeof fn !== 'function') throw new TypeError(`update takes a function of the old value, not ${typeof fn}.`);
  const value: unknown = fn(old);
  if (isThenable(value)) {
    throw new TypeError('The function of an update must not be async: it is one step, and nothing was changed.');
  }
  return value;
}
