import { isThenable } from '../contracts/awaitable.ts';
import { type AnyFunction, type Outcome, outcome, type Way, way } from '../contracts/executor.ts';

/**
 * Runs the function of a task on its input, where the task runs. Returns a promise only if the function returns one. The error of a call is the
 * outcome of the task; the error of an item does not keep the other items from running.
 */
export function runFunction(
  fn: AnyFunction,
  how: Way,
  input: ArrayLike<unknown>,
  start: number,
): Outcome | Promise<Outcome> {
  try {
    if (how === way.EACH || how === way.STAR) return runEach(fn, how, listOf(input));
    const value = how === way.CALL ? fn(...listOf(input)) : fn(input, start);
    return isThenable(value) ? outcomeOf(value) : [outcome.RESULT, value];
  } catch (error) {
    return [outcome.ERROR, error];
  }
}

function runEach(fn: AnyFunction, how: Way, items: readonly unknown[]): Outcome | Promise<Outcome> {
  const values: unknown[] = new Array(items.length).fill(undefined);
  const errors: [number, unknown][] = [];
  for (let i = 0; i < items.length; i++) {
    try {
      const value = callOn(fn, how, items[i]);
      if (isThenable(value)) return runFrom(i, value, { fn, how, items, values, errors });
      values[i] = value;
    } catch (error) {
      errors.push([i, error]);
    }
  }
  return [outcome.RESULTS, values, errors];
}

interface Items {
  readonly fn: AnyFunction;
  readonly how: Way;
  readonly items: readonly unknown[];
  readonly values: unknown[];
  readonly errors: [number, unknown][];
}

/** Goes on from the first item whose function has returned a promise. */
async function runFrom(first: number, promise: PromiseLike<unknown>, all: Items): Promise<Outcome> {
  const { fn, how, items, values, errors } = all;
  for (let i = first; i < items.length; i++) {
    try {
      const value = i === first ? promise : callOn(fn, how, items[i]);
      values[i] = isThenable(value) ? await value : value;
    } catch (error) {
      errors.push([i, error]);
    }
  }
  return [outcome.RESULTS, values, errors];
}

async function outcomeOf(value: PromiseLike<unknown>): Promise<Outcome> {
  try {
    return [outcome.RESULT, await value];
  } catch (error) {
    return [outcome.ERROR, error];
  }
}

function callOn(fn: AnyFunction, how: Way, item: unknown): unknown {
  return how === way.STAR ? fn(...(item as Iterable<unknown>)) : fn(item);
}

function listOf(input: ArrayLike<unknown>): unknown[] {
  return Array.isArray(input) ? input : Array.from(input);
}
