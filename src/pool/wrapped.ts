import { SimpleQueue } from '../channel/simple-queue.ts';
import { pack } from '../channel/transport.ts';
import { type Extension, reach, registerExtension } from '../codec/extension.ts';
import { ClosedError } from '../errors.ts';
import { family } from '../memory/family.ts';
import { discardParcel } from '../ring/parcel.ts';
import type { TaskOptions } from './job.ts';
import type { TaskBoard } from './task-board.ts';

// biome-ignore lint/suspicious/noExplicitAny: `wrap` checks the types of its function.
type AnyFunction = (...args: any[]) => unknown;

/** What stands behind a function that `pool.wrap` made. */
export interface Wrapped {
  readonly board: TaskBoard;
  readonly fn: AnyFunction;
  readonly options: TaskOptions;
}

/** What another process asks of the owner of a pool. */
export interface PoolRequest {
  readonly fn: AnyFunction;
  readonly args: unknown[];
  readonly options: TaskOptions;
  readonly reply: SimpleQueue<PoolReply>;
}

export type PoolReply = { readonly value: unknown } | { readonly error: unknown };

const wrappedFunctions = new WeakMap<object, Wrapped>();

/** Lets a function that `pool.wrap` made travel: elsewhere it asks the owner of the pool. */
export function rememberWrapped(callable: AnyFunction, wrapped: Wrapped): void {
  wrappedFunctions.set(callable, wrapped);
}

const wrappedExtension: Extension<AnyFunction> = {
  id: 18,
  name: 'function of a pool',
  reach: reach.FAMILY,
  fields: ['value', 'value', 'value'],
  matches: (value): value is AnyFunction => wrappedFunctions.has(value),
  write(value, out) {
    const { board, fn, options } = wrappedFunctions.get(value)!;
    // A signal belongs to the process that made it.
    const { signal: _, ...plain } = options;
    out.value(board, 'pool');
    out.value(fn, 'fn');
    out.value(plain, 'options');
  },
  read(input) {
    const board = input.value() as TaskBoard;
    const fn = input.value() as AnyFunction;
    const options = input.value() as TaskOptions;
    const callable: AnyFunction = (...args) => callElsewhere({ board, fn, options }, args);
    rememberWrapped(callable, { board, fn, options });
    return callable;
  },
};

/** Makes wrapped functions able to travel; called once by the library's door. */
export function installWrappedExtension(): void {
  registerExtension(wrappedExtension);
}

async function callElsewhere({ board, fn, options }: Wrapped, args: unknown[]): Promise<unknown> {
  using reply = new SimpleQueue<PoolReply>();
  const request: PoolRequest = { fn, args, options, reply };
  const parcel = pack(family(), request, '');
  if (!board.request(parcel)) {
    discardParcel(family(), parcel);
    throw new ClosedError('The Pool of this function is closed: it takes no more tasks.');
  }
  const answer = await reply.get();
  if ('error' in answer) throw answer.error;
  return answer.value;
}
