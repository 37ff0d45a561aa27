import assert from 'node:assert/strict';
import { Lock, Process, Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { field, state } from '#dist/memory/members.js';
import { childOf } from '#dist/process/process.js';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, start, until } from '../inside.ts';
import { withoutDescriptors } from '../without-descriptors.ts';

const TIMEOUT = { timeout: 30_000 };
type How = Parameters<typeof withoutDescriptors>[0];
const ways: How[] = ['the table is full', 'nothing opens'];

/** Takes the lock, says so, and sleeps. */
function hold(lock: Lock, said: Queue<string>): void {
  lock.acquireSync();
  said.putSync('held');
  new Queue().getSync();
}

for (const how of ways) {
  test(`a member that cannot look takes no other for dead (${how})`, async () => {
    const lock = new Lock();
    const said = new Queue<string | boolean>();
    using _ = watchdog(`no thief, ${how}`, 40, lock, said);
    const owner = start(hold, lock, said as Queue<string>);
    await said.get(TIMEOUT);
    const thief = start(
      (l: Lock, s: Queue<boolean>, h: How) => {
        using _ = withoutDescriptors(h);
        s.putSync(l.tryAcquire());
        s.putSync(l.acquireSync({ timeout: 30 }));
      },
      lock,
      said as Queue<boolean>,
      how,
    );
    assert.equal(await said.get(TIMEOUT), false);
    assert.equal(await said.get(TIMEOUT), false);
    await thief.join();
    assert.equal(family().members.get(childOf(owner).member, field.state), state.LIVE);
    owner.kill();
    assert.equal(await lock.acquire(TIMEOUT), true);
    assert.equal(lock.abandoned, true);
    await owner.join();
  });

  test(`the parent of an owner does not wait for its end (${how})`, async () => {
    const lock = new Lock();
    const said = new Queue<string>();
    using _ = watchdog(`no wait, ${how}`, 40, lock, said);
    const owner = start(hold, lock, said);
    await said.get(TIMEOUT);
    {
      using _ = withoutDescriptors(how);
      assert.equal(lock.tryAcquire(), false);
    }
    assert.equal(owner.isAlive(), true);
    owner.kill();
    await owner.join();
  });

  test(`a put and a release wake the members that wait, at once or once a descriptor is free (${how})`, async () => {
    const queue = new Queue<number>(1);
    const lock = new Lock();
    const said = new Queue<unknown>();
    using _ = watchdog(`wake-ups, ${how}`, 40, queue, lock, said);
    lock.acquireSync();
    const getter = start(async (q: Queue<number>, s: Queue<unknown>) => s.put(await q.get()), queue, said);
    const waiter = start(async (l: Lock, s: Queue<unknown>) => s.put(await l.acquire()), lock, said);
    await inLine(queue, 1, [getter]);
    await inLine(lock, 1, [waiter]);
    const waker = start(
      async (q: Queue<number>, l: Lock, h: How) => {
        {
          using _ = withoutDescriptors(h);
          await q.put(7);
          l.release();
          // Tries again in vain.
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        // A wait for anything else would have it look for what it could not do.
        await new Promise(() => setInterval(() => {}, 1e6));
      },
      queue,
      lock,
      how,
    );
    // The parent only computes: it rings nobody in the place of the waker.
    while (said.qsize() < 2);
    assert.deepEqual(new Set([said.getSync(), said.getSync()]), new Set([7, true]));
    waker.kill();
    await Promise.all([getter, waiter, waker].map((p) => p.join()));
  });

  test(`a wait that began without a free descriptor comes to its end, and nothing is torn (${how})`, async () => {
    const full = new Queue<Uint8Array>(1);
    const lock = new Lock();
    const said = new Queue<unknown>();
    using _ = watchdog(`waits, ${how}`, 40, full, lock, said);
    lock.acquireSync();
    full.putSync(new Uint8Array(100_000).fill(1));
    const p = start(
      async (q: Queue<Uint8Array>, l: Lock, s: Queue<unknown>, h: How) => {
        using _ = withoutDescriptors(h);
        const waits = [q.put(new Uint8Array(100_000).fill(2)), l.acquire()];
        s.putSync('waiting');
        await Promise.all(waits);
        s.putSync(l.locked());
      },
      full,
      lock,
      said,
      how,
    );
    assert.equal(await said.get(TIMEOUT), 'waiting');
    lock.release();
    for (const each of [1, 2]) assert.ok((await full.get(TIMEOUT)).every((byte) => byte === each));
    assert.equal(await said.get(TIMEOUT), true);
    await p.join();
    assert.equal(await lock.acquire(TIMEOUT), true);
  });
}

test('a death is seen without a free descriptor', async () => {
  const lock = new Lock();
  const said = new Queue<string>();
  const answers = new Queue<boolean>();
  using _ = watchdog('blind', 40, lock, answers);
  const owner = start(hold, lock, said);
  await said.get(TIMEOUT);
  const waiter = start(
    (l: Lock, a: Queue<boolean>) => {
      using _ = withoutDescriptors('the table is full');
      l.acquireSync();
      a.putSync(l.abandoned);
    },
    lock,
    answers,
  );
  await inLine(lock, 1, [waiter]);
  owner.kill();
  // The parent does nothing but compute.
  while (answers.qsize() < 1);
  assert.equal(answers.getSync(), true);
  await Promise.all([owner, waiter].map((p) => p.join()));
});

test('of its own child a parent sees the death where nothing opens, before anybody has reaped it', async () => {
  const lock = new Lock();
  const said = new Queue<string>();
  using _ = watchdog('blind parent', 40, lock);
  const owner = start(hold, lock, said);
  await said.get(TIMEOUT);
  {
    using _ = withoutDescriptors('nothing opens');
    owner.kill();
    // Blocked, its event loop cannot tell.
    assert.equal(lock.acquireSync(TIMEOUT), true);
  }
  assert.equal(lock.abandoned, true);
  await owner.join();
  const other = start(hold, lock, said);
  using _none = withoutDescriptors('nothing opens');
  other.kill();
  other.joinSync();
  assert.equal(other.exitCode, -9);
});

test('a child that closes what is not its own is not taken for dead', async () => {
  const lock = new Lock();
  const said = new Queue<string>();
  using _ = watchdog('closed lifeline', 40, lock, said);
  const owner = new Process({
    target: (l: Lock, s: Queue<string>) => {
      l.acquireSync();
      const { closeSync } = process.getBuiltinModule('node:fs');
      closeSync(4);
      s.putSync('held');
      new Queue().getSync();
    },
    args: [lock, said],
    daemon: true,
  });
  owner.start();
  await said.get(TIMEOUT);
  assert.equal(await lock.acquire({ timeout: 50 }), false);
  assert.equal(lock.tryAcquire(), false);
  assert.equal(owner.isAlive(), true);
  owner.kill();
  assert.equal(await lock.acquire(TIMEOUT), true);
  await owner.join();
  await until(() => owner.exitCode === -9);
});
