// A recursion that uses queues and locks, until the stack overflows: each use has done all of its work then, or nothing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Barrier, Condition, Event, JoinableQueue, Lock, Queue, RLock, Semaphore } from 'multiproc';
import { barrierLayout } from '#dist/channel/barrier.js';
import { bufferLayout } from '#dist/channel/bounded-buffer.js';
import { mailbox } from '#dist/channel/mailbox.js';
import { family } from '#dist/memory/family.js';
import { layout } from '#dist/memory/layout.js';
import type { SharedObject } from '#dist/memory/shared-object.js';
import { ring } from '#dist/ring/ring.js';
import { conditionLayout } from '#dist/sync/condition.js';
import { entryTable } from '#dist/sync/entry-table.js';
import { eventLayout } from '#dist/sync/event.js';
import { lockLayout } from '#dist/sync/lock.js';
import { semaphoreLayout } from '#dist/sync/semaphore.js';
import { units } from '#dist/sync/units.js';
import { watchdog } from '../hang.ts';
import { start, wordOf } from '../inside.ts';

interface Use {
  readonly object: SharedObject;
  /** The words of the object that are sections. */
  readonly sections: readonly number[];
  act(): void;
  /** True if it was done; `undo` makes it as if it had not been. */
  happened(): boolean;
  undo(): void | Promise<void>;
}

const { ring: ringAt, receivers, senders } = mailbox.at;
const QUEUE_SECTIONS = [ringAt + ring.at.tail, ringAt + ring.at.head, receivers, senders].map(
  (word) => bufferLayout.at.box + word,
);
const LOCK_SECTIONS = [lockLayout.at.waiters];
const SEMAPHORE_SECTIONS = [semaphoreLayout.at.units + units.at.table, semaphoreLayout.at.waiters];

function put(item: unknown): Use {
  const queue = new Queue<unknown>();
  return {
    object: queue,
    sections: QUEUE_SECTIONS,
    act: () => queue.putSync(item),
    happened: () => queue.qsize() === 1,
    undo: () => assert.deepEqual(queue.getSync(), item),
  };
}

function get(item: unknown): Use {
  const queue = new Queue<unknown>(2);
  queue.putSync(item);
  return {
    object: queue,
    sections: QUEUE_SECTIONS,
    act: () => void queue.getSync(),
    happened: () => queue.qsize() === 0,
    undo: () => queue.putSync(item),
  };
}

function acquire(lock: Lock | Semaphore, sections: number[]): Use {
  return {
    object: lock,
    sections,
    act: () => void lock.acquireSync(),
    happened: () => lock.locked(),
    undo: () => lock.release(),
  };
}

function release(lock: Lock | Semaphore, sections: number[]): Use {
  lock.acquireSync();
  return {
    object: lock,
    sections,
    act: () => lock.release(),
    happened: () => !lock.locked(),
    undo: () => void lock.acquireSync(),
  };
}

/** A wait that ends when its object is closed. */
function quiet<T>(wait: Promise<T>): Promise<T> {
  wait.catch(() => {});
  return wait;
}

/** With a wait in line, that is to be woken. */
function putForGetter(): Use {
  const queue = new Queue<number>();
  let wait = quiet(queue.get());
  return {
    object: queue,
    sections: QUEUE_SECTIONS,
    act: () => queue.putSync(7),
    happened: () => queue.qsize() === 1,
    undo: async () => {
      assert.equal(await wait, 7);
      wait = quiet(queue.get());
    },
  };
}

/** With a join in line, that is to be woken. */
function taskDoneForJoiner(): Use {
  const queue = new JoinableQueue<number>();
  const DONE = bufferLayout.at.own;
  let times = 0;
  let wait = Promise.resolve();
  const takeOne = () => {
    queue.putSync(7);
    assert.equal(queue.getSync(), 7);
    wait = quiet(queue.join());
  };
  takeOne();
  return {
    object: queue,
    sections: QUEUE_SECTIONS,
    act: () => queue.taskDone(),
    happened: () => wordOf(queue, DONE) === times + 1,
    undo: async () => {
      times++;
      await wait;
      takeOne();
    },
  };
}

function releaseForWaiter(): Use {
  const lock = new Lock();
  lock.acquireSync();
  let wait = quiet(lock.acquire());
  return {
    object: lock,
    sections: LOCK_SECTIONS,
    act: () => lock.release(),
    happened: () => !lock.locked(),
    undo: async () => {
      await wait;
      wait = quiet(lock.acquire());
    },
  };
}

function setForWaiter(): Use {
  const event = new Event();
  let wait = quiet(event.wait());
  return {
    object: event,
    sections: [eventLayout.at.waiters],
    act: () => event.set(),
    happened: () => event.isSet(),
    undo: async () => {
      await wait;
      event.clear();
      wait = quiet(event.wait());
    },
  };
}

async function notifyWaiter(): Promise<Use> {
  const lock = new Lock();
  const condition = new Condition(lock);
  await lock.acquire();
  let wait = quiet(condition.wait());
  await lock.acquire();
  const NOTIFIED = 2 << 28;
  return {
    object: condition,
    sections: [conditionLayout.at.line],
    act: () => condition.notify(),
    happened: () => (wordOf(condition, conditionLayout.at.line + entryTable.at.first) & NOTIFIED) !== 0,
    undo: async () => {
      lock.release();
      assert.equal(await wait, true);
      wait = quiet(condition.wait());
      await lock.acquire();
    },
  };
}

function breakBarrier(): Use {
  const barrier = new Barrier(2);
  return {
    object: barrier,
    sections: [barrierLayout.at.waiters, barrierLayout.at.rounds],
    act: () => barrier.abort(),
    happened: () => barrier.broken,
    undo: () => barrier.reset(),
  };
}

const uses: Record<string, () => Use | Promise<Use>> = {
  'put of a number': () => put(7),
  'put of an object': () => put({ a: ['text', 1.5] }),
  'put of a long text': () => put('long '.repeat(10_000)),
  'get of a number': () => get(7),
  'get of an object': () => get({ a: 1 }),
  'acquire of a lock': () => acquire(new Lock(), LOCK_SECTIONS),
  'release of a lock': () => release(new Lock(), LOCK_SECTIONS),
  'acquire of an RLock': () => acquire(new RLock(), LOCK_SECTIONS),
  'release of an RLock': () => release(new RLock(), LOCK_SECTIONS),
  'acquire of a semaphore': () => acquire(new Semaphore(), SEMAPHORE_SECTIONS),
  'release of a semaphore': () => release(new Semaphore(), SEMAPHORE_SECTIONS),
  'put with a getter in line': putForGetter,
  'taskDone with a joiner in line': taskDoneForJoiner,
  'release with a waiter in line': releaseForWaiter,
  'set of an event with a waiter': setForWaiter,
  'notify of a condition': notifyWaiter,
  'abort of a barrier': breakBarrier,
};

/** How many levels before the stack is full each use is tried; and by how many words that is shifted. */
const LEVELS = Array.from({ length: 100 }, (_, i) => 1 + i * 3);
const SHIFTS = [0, 5];

let left = 0;
let done = false;
let act = (): void => {};

function attempt(): void {
  act();
  done = true;
}

function descend(shift: number[]): void {
  try {
    descend(shift);
  } catch {
    // The stack is full.
  }
  if (--left === 0) attempt.apply(undefined, shift as []);
}

/** Calls `use` this many levels before the stack is full; false if it threw, or could not even be called. */
function actBefore(level: number, shift: number, use: () => void): boolean {
  left = level;
  done = false;
  act = use;
  descend(Array(shift).fill(0));
  return done;
}

/** Tries a use at each of the last levels, after a number of uses. */
async function sweep(name: string, times: number): Promise<void> {
  const use = await uses[name]!();
  using _ = watchdog(name, 120, use.object);
  for (let i = 0; i < times; i++) {
    act = use.act;
    attempt();
    await use.undo();
  }
  const counts = { done: 0, failed: 0 };
  const allocator = family().heap.words(0);
  for (const level of LEVELS) {
    for (const shift of SHIFTS) {
      const done = actBefore(level, shift, use.act);
      const where = `${level} levels and ${shift} words before the end, after ${times} times`;
      for (const word of use.sections) assert.equal(wordOf(use.object, word), 0, `left inside, ${where}`);
      assert.equal(allocator[layout.allocatorSection / 4], 0, `left inside of the allocator, ${where}`);
      assert.equal(use.happened(), done, `${done ? 'answered' : 'threw'}, ${where}`);
      if (done) {
        await use.undo();
        counts.done++;
      } else counts.failed++;
    }
  }
  // Of a condition the lock is held: its wait ends with it.
  if (use.object instanceof Condition) use.object.release();
  use.object.close();
  assert.ok(counts.done > 0 && counts.failed > 0, `${counts.done} came through, ${counts.failed} did not`);
}

describe('at the end of the stack', () => {
  for (const name of Object.keys(uses)) {
    test(`at the end of the stack ${name} has done all of its work, or nothing`, async () => {
      // What was never called needs another 40 KB, to be compiled. Then it is optimized.
      for (const times of [10, 20_000]) await sweep(name, times);
    });
  }

  test('another process goes on with a queue that a recursion has used', async () => {
    const queue = new Queue<number>();
    for (let level = 1; level < 40; level++) actBefore(level, 0, () => queue.putSync(1));
    const before = queue.qsize();
    const p = start((q: Queue<number>) => q.putSync(2), queue);
    await p.join();
    assert.equal(queue.qsize(), before + 1);
  });
});
