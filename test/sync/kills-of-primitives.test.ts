import assert from 'node:assert/strict';
import { BoundedSemaphore, Condition, Lock, type Process, Queue, RLock, Semaphore } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { holdUntilKilled, inLine, isAsleep, slay, start, until } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

function take(lock: RLock | Semaphore, taken: Queue<boolean>): void {
  lock.acquireSync();
  taken.putSync(lock.abandoned);
  lock.release();
}

async function takeLooping(lock: RLock | Semaphore, taken: Queue<boolean>): Promise<void> {
  await lock.acquire();
  await taken.put(lock.abandoned);
  lock.release();
}

for (const [kind, waiter] of [
  ['blocked', take],
  ['looping', takeLooping],
] as const) {
  for (const [name, make] of [
    ['an RLock', () => new RLock()],
    ['a Semaphore', () => new Semaphore(2)],
    ['a BoundedSemaphore', () => new BoundedSemaphore(2)],
  ] as const) {
    test(`${kind} waiters get what the killed owner of ${name} had, while the parent does nothing but compute`, async () => {
      const lock = make();
      const taken = new Queue<number>();
      const answers = new Queue<boolean>();
      using _ = watchdog(`${kind} waiters of ${name}`, 40, lock, answers);
      const owner = start(holdUntilKilled, lock, taken, 2);
      await taken.get(TIMEOUT);
      const waiters: Process[] = [];
      for (let i = 0; i < 3; i++) {
        waiters.push(start(waiter, lock, answers));
        await inLine(lock, i + 1, waiters);
      }
      waiters[1]!.kill();
      owner.kill();
      while (answers.qsize() < 2);
      assert.equal(answers.getSync(), true);
      await Promise.all([owner, ...waiters].map((p) => p.join()));
      assert.equal(lock.locked(), false);
      if (lock instanceof Semaphore) assert.equal(lock.getValue(), 2);
      assert.equal(lock.abandoned, false);
    });
  }
}

test('two owners of a semaphore: the death of either gives its units back, and no more', async () => {
  const semaphore = new Semaphore(3);
  const taken = new Queue<number>();
  using _ = watchdog('two owners', 40, semaphore);
  const two = start(holdUntilKilled, semaphore, taken, 2);
  await taken.get(TIMEOUT);
  const one = start(holdUntilKilled, semaphore, taken);
  await taken.get(TIMEOUT);
  const wait = semaphore.acquire(TIMEOUT);
  one.kill();
  assert.equal(await wait, true);
  assert.equal(semaphore.abandoned, true);
  assert.equal(semaphore.getValue(), 0);
  two.kill();
  // The event loop does not turn, so that nobody is told.
  while (!semaphore.tryAcquire());
  assert.equal(semaphore.getValue(), 1);
  semaphore.release();
  semaphore.release();
  assert.equal(semaphore.getValue(), 3);
  assert.equal(semaphore.abandoned, false);
  await Promise.all([one.join(), two.join()]);
});

test('what a killed process had used up as signals stays used up', async () => {
  const signals = new Semaphore(0);
  const taken = new Queue<number>();
  const p = start(holdUntilKilled, signals, taken, 2);
  signals.release();
  signals.release();
  await taken.get(TIMEOUT);
  await slay(p);
  assert.equal(signals.getValue(), 0);
  assert.equal(signals.tryAcquire(), false);
  signals.release();
  assert.equal(signals.getValue(), 1);
});

test('a killed waiter is passed over, and notifyAll waits for nobody', async () => {
  const condition = new Condition();
  const woken = new Queue<number>();
  using _ = watchdog('dead waiters', 40, condition, woken);
  const inside = new Queue<number>();
  const wait = (c: Condition, q: Queue<number>, inside: Queue<number>, i: number): void => {
    c.acquireSync();
    inside.putSync(i);
    c.waitSync();
    c.release();
    q.putSync(i);
  };
  const line: Process[] = [];
  for (let i = 0; i < 4; i++) {
    line.push(start(wait, condition, woken, inside, i));
    await inside.get(TIMEOUT);
    await until(() => isAsleep(line[i]!) && !condition.locked());
  }
  await slay(line[0]!);
  await condition.with(() => condition.notify());
  assert.equal(await woken.get(TIMEOUT), 1);
  // Not reclaimed yet when it is notified.
  line[2]!.kill();
  condition.acquireSync();
  condition.notifyAll();
  condition.release();
  assert.equal(await woken.get(TIMEOUT), 3);
  await Promise.all(line.map((p) => p.join()));
});

test('a waiter that is killed after it was notified leaves the notification to the next', async () => {
  const condition = new Condition(new Lock());
  const woken = new Queue<number>();
  using _ = watchdog('notified and dead', 40, condition, woken);
  const inside = new Queue<number>();
  const wait = async (c: Condition, q: Queue<number>, inside: Queue<number>, i: number): Promise<void> => {
    c.acquireSync();
    inside.putSync(i);
    if (i === 0) c.waitSync();
    else await c.wait();
    c.release();
    q.putSync(i);
  };
  const line: Process[] = [];
  for (let i = 0; i < 3; i++) {
    line.push(start(wait, condition, woken, inside, i));
    await inside.get(TIMEOUT);
    await until(() => isAsleep(line[i]!) && !condition.locked());
  }
  condition.acquireSync();
  condition.notify();
  // The first one comes for the lock, which it will not get.
  await until(() => isAsleep(line[0]!));
  line[0]!.kill();
  condition.release();
  assert.equal(await woken.get(TIMEOUT), 1);
  await condition.with(() => condition.notify());
  assert.equal(await woken.get(TIMEOUT), 2);
  await Promise.all(line.map((p) => p.join()));
});

test('the lock of a condition whose owner is killed passes on, and waits go on', async () => {
  const condition = new Condition();
  const taken = new Queue<number>();
  using _ = watchdog('dead owner', 40, condition);
  const waiter = start(
    async (c: Condition, q: Queue<number>) => {
      await c.acquire();
      q.putSync(1);
      process.exit((await c.wait()) && c.abandoned ? 0 : 1);
    },
    condition,
    taken,
  );
  await taken.get(TIMEOUT);
  await until(() => isAsleep(waiter) && !condition.locked());
  const owner = start(
    (c: Condition, q: Queue<number>) => {
      c.acquireSync();
      c.acquireSync();
      c.notify();
      q.putSync(1);
      new Queue().getSync();
    },
    condition,
    taken,
  );
  await taken.get(TIMEOUT);
  owner.kill();
  await waiter.join();
  assert.equal(waiter.exitCode, 0);
  await owner.join();
});
