import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Lock, type Process, Queue, setSpareProcesses } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';
import { kinds } from '#dist/memory/kinds.js';
import { layout } from '#dist/memory/layout.js';
import { field, SLOTS, state } from '#dist/memory/members.js';
import { kindNumbered } from '#dist/memory/object-kinds.js';
import { reclaim } from '#dist/memory/reclaim.js';
import { childOf } from '#dist/process/process.js';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { holders, holdUntilKilled, inLine, isAsleep, slay, start, until, waiting } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };
const SLOT = SLOTS - 1;
// A start takes the slot that is next.
setSpareProcesses(0);

/** Waits for an item. */
async function get(queue: Queue<number>): Promise<void> {
  await queue.get();
}

describe('names', () => {
  test('slots are taken in turn: a name comes again only after all others', () => {
    const { members } = family();
    const taken = Array.from({ length: 50 }, () => {
      const member = family().reserve(false);
      members.set(member, field.state, state.LIVE);
      reclaim(family(), member);
      return member & SLOT;
    });
    assert.equal(new Set(taken).size, 50);
  });

  test('a waker that is held up until the slot belongs to another wakes that one', async () => {
    const queue = new Queue<number>();
    const later = new Queue<number>();
    using _ = watchdog('held up', 40, queue, later);
    const p = start(get, queue);
    await inLine(queue, 1, [p]);
    const { member } = childOf(p);
    let next: Process | undefined;
    let isHeldUp = false;
    const { exchange } = Atomics;
    try {
      Atomics.exchange = ((words: Int32Array, index: number, value: number): number => {
        if (!isHeldUp && index === family().members.index(member, field.parked)) {
          isHeldUp = true;
          p.kill();
          p.joinSync();
          next = replace(member, later);
        }
        return exchange(words, index, value);
      }) as typeof exchange;
      assert.equal(family().parker.wake(member), false);
    } finally {
      Atomics.exchange = exchange;
    }
    later.putSync(1);
    await next!.join();
    assert.equal(next!.exitCode, 0);
  });
});

/** Starts a process in the slot of one that is gone, and answers when it sleeps. */
function replace(member: number, queue: Queue<number>): Process {
  family().members.words[wordIndex(layout.nextSlot)] = member & SLOT;
  const p = start(get, queue);
  assert.equal(childOf(p).member & SLOT, member & SLOT);
  while (!isAsleep(p) || waiting(queue) === 0);
  return p;
}

describe('an error', () => {
  test('an error of one thing that is waited for keeps no other from being served, and is uncaught', async () => {
    const queue = new Queue<number>();
    const said = new Queue<unknown>();
    using _ = watchdog('one that throws', 40, queue, said);
    const p = start(
      async (q: Queue<number>, s: Queue<unknown>) => {
        process.once('uncaughtException', (error) => s.putSync(error.message));
        const { parker } = family();
        const pending = {
          check() {
            parker.remove(pending);
            throw new Error('of a check');
          },
        };
        parker.add(pending);
        s.putSync(await q.get());
      },
      queue,
      said,
    );
    await inLine(queue, 1, [p]);
    queue.putSync(5);
    assert.deepEqual(new Set([await said.get(TIMEOUT), await said.get(TIMEOUT)]), new Set([5, 'of a check']));
    await p.join();
  });

  test('an error in a reclaim is reported as a warning, and the reclaim is done again', async () => {
    let fails = true;
    Object.assign(kindNumbered(kinds.LOCK)!, {
      holderDied: () => {
        if (fails) throw new Error('of a mourner');
      },
    });
    const lock = new Lock();
    const said = new Queue<number>();
    using _ = watchdog('reclaim', 40, lock);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const p = start(holdUntilKilled, lock, said);
    await said.get(TIMEOUT);
    const { member } = childOf(p);
    assert.ok(holders(lock) > 1);
    await slay(p);
    assert.equal((await warned).message, 'of a mourner');
    assert.equal(family().members.get(member, field.state), state.DEAD);
    fails = false;
    await until(() => family().members.get(member, field.state) === state.FREE);
    assert.equal(holders(lock), 1);
  });
});
