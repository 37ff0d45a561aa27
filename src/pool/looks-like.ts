import type { AnyFunction } from '../contracts/executor.ts';

/** Gives a function that `pool.wrap` made the name and the number of parameters of the wrapped function. */
export function looksLike(callable: AnyFunction, { name, length }: AnyFunction): void {
  Object.defineProperties(callable, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
  });
}
