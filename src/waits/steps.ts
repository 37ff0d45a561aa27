/** One step of a wait, in its two forms. */
interface Step {
  later(): unknown;
  now(): unknown;
}

/** The order of the steps of a wait, written once: `inTurns` awaits the steps, `atOnce` blocks the thread in them. */
export type Steps<R> = Generator<Step, R, unknown>;

/** Takes one step: `later` returns a value or a promise of it, `now` blocks the thread until it returns the value. */
export function* step<T>(later: () => T | Promise<T>, now: () => T): Steps<T> {
  return (yield { later, now }) as T;
}

/** Takes the steps one after the other and awaits each. */
export async function inTurns<R>(steps: Steps<R>): Promise<R> {
  let next = steps.next();
  while (next.done !== true) {
    let value: unknown;
    try {
      value = await next.value.later();
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}

/** Takes the steps one after the other and blocks the thread in each. */
export function atOnce<R>(steps: Steps<R>): R {
  let next = steps.next();
  while (next.done !== true) {
    let value: unknown;
    try {
      value = next.value.now();
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}
