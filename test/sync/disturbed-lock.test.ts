import assert from 'node:assert/strict';
import { Lock, Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { lockLayout } from '#dist/sync/lock.js';
import { test } from '../cases.ts';
import { tryToAcquire } from '../disturb/bystanders.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { holdUntilKilled, slay, start, waiting, wordOf } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** The lock is free, and every member that wants it gets it. */
async function free(lock: Lock): Promise<void> {
  assert.equal(await lock.acquire(TIMEOUT), true);
  lock.release();
  assert.equal(lock.locked(), false);
}

function takeOnce(lock: Lock): void {
  lock.acquireSync();
  lock.release();
}

test('disturbed anywhere in acquireSync and release, a process holds up nobody', async () => {
  const count = await disturbEverywhere(
    takeOnce,
    () => [new Lock()],
    (_, lock) => free(lock),
    { meanwhile: tryToAcquire },
  );
  assert.equal(count, 2);
});

/** Waits in vain a few times: then the process no longer spins before it sleeps, and there are fewer points. */
function tire(lock: Lock): void {
  for (let i = 0; i < 4; i++) lock.acquireSync({ timeout: 0.01 });
}

for (const [kind, wait] of [
  // So long that it requests a handoff in the end, however busy the machine is.
  ['blocked', (lock: Lock) => assert.equal(lock.acquireSync({ timeout: 30 }), false)],
  ['looping', async (lock: Lock) => assert.equal(await lock.acquire({ timeout: 1 }), false)],
] as const) {
  test(`disturbed anywhere in a ${kind} wait for the lock, a process holds up nobody, and does not get it`, async () => {
    const count = await disturbEverywhere(
      wait as (lock: Lock) => void,
      () => {
        const lock = new Lock();
        lock.acquireSync();
        return [lock];
      },
      async ({ threw }, lock) => {
        assert.deepEqual(threw, []);
        const next = lock.acquire(TIMEOUT);
        lock.release();
        assert.equal(await next, true);
        lock.release();
      },
      { prepare: tire, meanwhile: tryToAcquire },
    );
    assert.ok(count >= 10, `${count} points`);
  });
}

const REQUESTED = 1 << 28;

/** Has the lock for a moment at each order, and says so. */
async function acquireOnOrder(lock: Lock, orders: Queue<number>, answers: Queue<string>): Promise<void> {
  for (;;) {
    await orders.get();
    await lock.acquire();
    lock.release();
    await answers.put('had it');
  }
}

/** Makes a member wait for the lock, which is ours, until the waiter requests a handoff. */
function requestHandoff(lock: Lock, orders: Queue<number>, answers: Queue<string>, requested = true): void {
  orders.putSync(1);
  // Woken in vain after it has waited for a while, the waiter requests a handoff; at times it is quicker, and comes again.
  for (;;) {
    while (waiting(lock) === 0) if (!answers.empty()) orders.putSync(answers.getSync().length);
    if (!requested || wordOf(lock, lockLayout.at.owner) & REQUESTED) return;
    for (const end = performance.now() + 1; performance.now() < end; );
    if (wordOf(lock, lockLayout.at.owner) & REQUESTED) continue;
    lock.release();
    lock.acquireSync();
  }
}

for (const requested of [false, true]) {
  const how = requested ? 'a hand-over' : 'a release with another in line';
  test(`disturbed anywhere in ${how}, a process holds up nobody`, async () => {
    const lock = new Lock();
    const orders = new Queue<number>();
    const answers = new Queue<string>();
    const waiter = start(acquireOnOrder, lock, orders, answers);
    const count = await disturbEverywhere(
      (l: Lock) => l.release(),
      () => {
        lock.acquireSync();
        requestHandoff(lock, orders, answers, requested);
        return [lock];
      },
      async () => {
        // Disturbed before the release: the lock is still this process's own.
        if ((wordOf(lock, lockLayout.at.owner) & ~REQUESTED) === family().me) lock.release();
        assert.equal(await answers.get(TIMEOUT), 'had it');
        await free(lock);
      },
      { meanwhile: tryToAcquire },
    );
    assert.ok(count >= 5, `${count} points`);
    await slay(waiter);
  });
}

test('disturbed anywhere while it takes back a lock that was handed to one who does not come, a process holds up nobody', async () => {
  const lock = new Lock();
  const had = new Queue<string>();
  const orders = new Queue<number>();
  const waiter = start(acquireOnOrder, lock, orders, had);
  await disturbEverywhere(
    async (l: Lock) => {
      l.release();
      while (l.locked()) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    () => {
      lock.acquireSync();
      requestHandoff(lock, orders, had);
      process.kill(waiter.pid as number, 'SIGSTOP');
      return [lock];
    },
    async () => {
      process.kill(waiter.pid as number, 'SIGCONT');
      if ((wordOf(lock, lockLayout.at.owner) & ~REQUESTED) === family().me) lock.release();
      assert.equal(await had.get(TIMEOUT), 'had it');
      await free(lock);
    },
    { where: 'sync/lock.ts' },
  );
  await slay(waiter);
});

/** Has the lock held by a process that is dead, and that nobody has reclaimed yet. */
function leaveBehind(lock: Lock): void {
  const taken = new Queue<number>();
  const owner = start(holdUntilKilled, lock, taken);
  taken.getSync();
  owner.kill();
}

test('disturbed anywhere while it takes the lock over from a dead owner, a process holds up nobody', async () => {
  const count = await disturbEverywhere(
    takeOnce,
    () => [new Lock()],
    (_, lock) => free(lock),
    { prepare: leaveBehind, meanwhile: tryToAcquire },
  );
  assert.ok(count >= 10, `${count} points`);
});

test('disturbed anywhere while it ends with the lock of another in line, a process holds up nobody', async () => {
  await disturbEverywhere(
    async (lock: Lock) => {
      const aborted = lock.acquire({ signal: AbortSignal.timeout(1) });
      await aborted.catch(() => {});
      lock.close();
    },
    () => {
      const lock = new Lock();
      lock.acquireSync();
      return [lock];
    },
    async (_, lock) => {
      lock.release();
      await free(lock);
    },
    { meanwhile: tryToAcquire },
  );
});
