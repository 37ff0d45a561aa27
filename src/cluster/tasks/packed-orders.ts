import type { RetryDelay } from '../../contracts/retry-delay.ts';
import type { TaskOrder } from './desk-task.ts';
import { type JoinedBytes, joinBytes, splitBytes } from './joined-bytes.ts';

/** Tasks that a program submits together, on their way to its gateway. Functions and manifests that many tasks share stand there once. */
export type PackedOrders = readonly [
  fns: readonly (readonly [hash: string, name: string])[],
  codes: readonly string[],
  numbers: readonly number[],
  delays: readonly (readonly [order: number, delay: RetryDelay])[],
  inputs: JoinedBytes,
];

/** The number of numbers of an order. */
const NUMBERS = 8;

/** Packs the orders of one turn. */
export function packOrders(orders: readonly TaskOrder[]): PackedOrders {
  const fns = new Map<string, readonly [hash: string, name: string, at: number]>();
  const codes = new Map<string, number>();
  const numbers: number[] = [];
  const delays: [number, RetryDelay][] = [];
  for (const [i, { id, hash, name, how, start, timeout, retries, retryDelay, priority, code }] of orders.entries()) {
    let fn = fns.get(hash);
    if (fn === undefined) fns.set(hash, (fn = [hash, name, fns.size]));
    let place = codes.get(code);
    if (place === undefined) codes.set(code, (place = codes.size));
    numbers.push(id, fn[2], how, start, timeout, retries, priority, place);
    if (retryDelay !== undefined) delays.push([i, retryDelay]);
  }
  const named = [...fns.values()].map(([hash, name]) => [hash, name] as const);
  return [named, [...codes.keys()], numbers, delays, joinBytes(orders.map(({ input }) => input))];
}

/** Returns the orders again. */
export function unpackOrders([fns, codes, numbers, delays, inputs]: PackedOrders): TaskOrder[] {
  const delayOf = new Map(delays);
  return splitBytes(inputs).map((input, i): TaskOrder => {
    const at = i * NUMBERS;
    const [hash, name] = fns[numbers[at + 1]!]!;
    return {
      id: numbers[at]!,
      hash,
      name,
      how: numbers[at + 2]!,
      start: numbers[at + 3]!,
      timeout: numbers[at + 4]!,
      retries: numbers[at + 5]!,
      retryDelay: delayOf.get(i),
      priority: numbers[at + 6]!,
      code: codes[numbers[at + 7]!]!,
      input,
    };
  });
}
