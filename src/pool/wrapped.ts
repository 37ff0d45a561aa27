import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import type { AnyFunction } from '../contracts/executor.ts';
import type { TaskOptions } from '../contracts/task-options.ts';
import { callOwner, poolClosed } from './call-owner.ts';
import { looksLike } from './looks-like.ts';
import type { TaskBoard } from './task-board.ts';

/** The call behind a function that `pool.wrap` made. */
interface Wrapped {
  readonly board: TaskBoard;
  readonly fn: AnyFunction;
  readonly options: TaskOptions;
}

const wrappedFunctions = new WeakMap<object, Wrapped>();

/** Makes it possible to send a function that `pool.wrap` made: elsewhere it asks the owner of the pool. */
export function rememberWrapped(callable: AnyFunction, wrapped: Wrapped): void {
  wrappedFunctions.set(callable, wrapped);
}

/** Sends a function of `pool.wrap` as the board of its pool, the function and the options. */
export const wrappedExtension: Extension<AnyFunction> = {
  id: extensionIds.WRAPPED,
  name: 'function of a pool',
  reach: reach.FAMILY,
  fields: ['value', 'value', 'value'],
  matches: (value): value is AnyFunction => wrappedFunctions.has(value),
  write(value, out) {
    const { board, fn, options } = wrappedFunctions.get(value)!;
    // A signal belongs to the process that made it.
    const { signal: _, ...plain } = options;
    if (board.isClosed) throw poolClosed();
    out.value(board, 'pool');
    out.value(fn, 'fn');
    out.value(plain, 'options');
  },
  read(input) {
    const board = input.value() as TaskBoard;
    const fn = input.value() as AnyFunction;
    const options = input.value() as TaskOptions;
    const callable: AnyFunction = (...args) => callOwner(board, { fn, args, options });
    looksLike(callable, fn);
    rememberWrapped(callable, { board, fn, options });
    return callable;
  },
};
