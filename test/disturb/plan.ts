import { constants } from 'node:os';
import { getStartMethod } from 'multiproc';
import { random } from '../seeded.ts';
import { failuresOf } from './failures.ts';
import type { Order } from './order.ts';
import { places } from './places.ts';

/** How a process can be disturbed; `fail` stands for `starve`, too. */
export type Way = 'kill' | 'stop' | 'fail';

/** What is tried of an act where nothing else is said. */
export const usualWays: readonly Way[] = ['kill', 'stop', 'fail'];

export const seed = Number(process.env.TEST_SEED ?? Date.now() % 1e9);
const isLong = process.env.TEST_LONG === '1';
/** So much of each way, unless all is wanted. */
const few = { kill: 1, stop: 1, fail: 2 } as const;
/** The number of stops that one victim is put to. */
const STOPS = 2;
/** `kill 17`, `stop 3,24` or `fail 3 24`: only that; `kill`: all points, killed only. */
const only = process.env.TEST_DISTURB?.split(' ');

/** The orders for an act that passes these points. What is to happen in `where`, a source file and perhaps a function in it, is chosen in any case. */
export function planOrders(trace: readonly number[], ways: readonly Way[], scenario: string, where?: string): Order[] {
  const [onlyWay, onlyAt, errno = 0] = only ?? [];
  if (onlyAt !== undefined) {
    return [{ way: onlyWay as Order['way'], at: onlyAt.split(',').map(Number), errno: Number(errno) }];
  }
  const pick = random([...scenario].reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), seed));
  return ways.flatMap((way) => {
    if (onlyWay !== undefined && onlyWay !== way) return [];
    const all = way === 'fail' ? failing(trace) : everywhere(trace, way);
    const isWanted = ({ at: [n = 0] }: Order) =>
      isLong || (where !== undefined && sourceOf(trace[n - 1]!).startsWith(where));
    const rest = all.filter((order) => !isWanted(order));
    const chosen = [...all.filter(isWanted), ...sample(rest, few[way], trace, pick)];
    return way === 'stop' ? together(chosen) : chosen;
  });
}

/** The file of a point, and the function in it. */
function sourceOf(point: number): string {
  const place = places[point];
  return `${place?.file} ${place?.in}`;
}

/** Before each point and behind the last; of the rounds of a loop that passes one alone, the first, the second and the last. */
function everywhere(trace: readonly number[], way: 'kill' | 'stop'): Order[] {
  const orders: Order[] = [];
  for (let i = 0; i <= trace.length; i++) {
    const isAgain = [i - 2, i - 1, i + 1].every((other) => trace[other] === trace[i]);
    if (!isAgain) orders.push({ way, at: [i + 1], errno: 0 });
  }
  return orders;
}

/** Each call with each number that it may fail with. */
function failing(trace: readonly number[]): Order[] {
  return trace.flatMap((point, i) => {
    const { kind, what } = places[point]!;
    const errnos = kind === 'call' ? failuresOf(what) : [];
    const orders: Order[] = errnos.map((errno) => ({ way: 'fail', at: [i + 1], errno }));
    // The limit is the process's, and the test's own where the victim is a thread of it.
    const canStarve = errnos.includes(constants.errno.EMFILE) && getStartMethod() === 'spawn';
    return canStarve ? [...orders, { way: 'starve', at: [i + 1], errno: 0 }] : orders;
  });
}

/** This many of them; a place that comes up often in an act is no likelier than the others. */
function sample(orders: Order[], count: number, trace: readonly number[], pick: () => number): Order[] {
  const byPlace = new Map<number | undefined, Order[]>();
  for (const order of orders) {
    const place = trace[order.at[0]! - 1];
    byPlace.set(place, [...(byPlace.get(place) ?? []), order]);
  }
  const take = <T>(from: T[]): T => from.splice(Math.floor(pick() * from.length), 1)[0] as T;
  const groups = [...byPlace.values()];
  const chosen: Order[] = [];
  while (chosen.length < count && groups.length > 0) chosen.push(take(take(groups)));
  return chosen;
}

/** Stops that one victim bears, far from each other. */
function together(stops: Order[]): Order[] {
  const victims = Math.ceil(stops.length / STOPS);
  return Array.from({ length: victims }, (_, i) => {
    const at = stops.flatMap((order, j) => (j % victims === i ? order.at : []));
    return { way: 'stop', at, errno: 0 };
  });
}
