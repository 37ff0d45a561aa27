import { Barrier, Condition, Event, Lock, Queue, RLock, Semaphore, SharedArray, SharedValue } from 'multiproc';

/** What all members share. */
export interface Stage {
  /** Items go from producers to forwarders, and from those to the root. */
  readonly first: Queue<Item>;
  readonly second: Queue<Item>;
  readonly lock: Lock;
  readonly rlock: RLock;
  readonly semaphore: Semaphore;
  readonly condition: Condition;
  readonly event: Event;
  readonly barrier: Barrier;
  /** Behind the lock: who is inside, a number, and the same number. */
  readonly guarded: SharedArray<'int32'>;
  readonly counter: SharedValue<'int32'>;
  /** How often each member has done its part; written by it. */
  readonly progress: SharedArray<'int32'>;
}

/** One of the numbered items of one producer. */
export interface Item {
  readonly producer: string;
  readonly number: number;
  readonly text: string;
  readonly bytes: Uint8Array;
}

export const MOST_MEMBERS = 64;

export function setUp(): Stage {
  return {
    first: new Queue(20),
    second: new Queue(20),
    lock: new Lock(),
    rlock: new RLock(),
    semaphore: new Semaphore(2),
    condition: new Condition(new Lock()),
    event: new Event(),
    barrier: new Barrier(2),
    guarded: new SharedArray('int32', 3),
    counter: new SharedValue('int32'),
    progress: new SharedArray('int32', MOST_MEMBERS),
  };
}

export function makeItem(producer: string, number: number): Item {
  const bytes = new Uint8Array(number % 50 === 0 ? 40_000 : 3).fill(number);
  return { producer, number, text: String(number).repeat(1 + (number % 40)), bytes };
}

/** True if no part of the item is another's. */
export function isWhole({ number, text, bytes }: Item): boolean {
  if (text !== String(number).repeat(1 + (number % 40))) return false;
  return bytes.length === (number % 50 === 0 ? 40_000 : 3) && bytes.every((byte) => byte === number % 256);
}
