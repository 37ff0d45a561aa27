import assert from 'node:assert/strict';
import { Lock, type Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, start } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** Takes the lock and says so, then sleeps. */
function hold(lock: Lock, taken: Queue<number>): void {
  lock.acquireSync();
  taken.putSync(process.pid);
  new Queue().getSync();
}

/** Takes the lock, says whether it was abandoned, and lets go of it. */
function take(lock: Lock, taken: Queue<boolean>): void {
  lock.acquireSync();
  taken.putSync(lock.abandoned);
  lock.release();
}

async function takeLooping(lock: Lock, taken: Queue<boolean>): Promise<void> {
  await lock.acquire();
  await taken.put(lock.abandoned);
  lock.release();
}

test('a lock whose owner is killed passes on, and is abandoned for just that one', async () => {
  const lock = new Lock();
  const taken = new Queue<number>();
  using _ = watchdog('abandoned', 40, lock, taken);
  const owner = start(hold, lock, taken);
  await taken.get();
  owner.kill();
  assert.equal(await lock.acquire(TIMEOUT), true);
  assert.equal(lock.abandoned, true);
  lock.release();
  assert.equal(lock.abandoned, false);
  lock.acquireSync();
  assert.equal(lock.abandoned, false);
});

for (const [kind, waiter] of [
  ['blocked', take],
  ['looping', takeLooping],
] as const) {
  test(`${kind} waiters get the lock of a killed owner while the parent does nothing but compute`, async () => {
    const lock = new Lock();
    const taken = new Queue<number>();
    const answers = new Queue<boolean>();
    using _ = watchdog(`${kind} waiters, busy parent`, 40, lock, taken, answers);
    const owner = start(hold, lock, taken);
    await taken.get();
    const waiters = [start(waiter, lock, answers), start(waiter, lock, answers), start(waiter, lock, answers)];
    await inLine(lock, 3, waiters);
    owner.kill();
    // The event loop stands still until all three have had the lock.
    while (answers.qsize() < 3);
    assert.deepEqual([answers.getSync(), answers.getSync(), answers.getSync()], [true, false, false]);
    await Promise.all([owner, ...waiters].map((p) => p.join()));
  });

  test(`${kind} waiters killed in the middle of the line hold up nobody, while the parent computes`, async () => {
    const lock = new Lock();
    const answers = new Queue<boolean>();
    const taken = new Queue<number>();
    using _ = watchdog(`${kind} waiters killed`, 40, lock, answers);
    const owner = start(hold, lock, taken);
    await taken.get();
    const line: Process[] = [];
    for (let i = 0; i < 4; i++) {
      line.push(start(i % 2 === 0 ? waiter : take, lock, answers));
      await inLine(lock, i + 1, line);
    }
    line[1]!.kill();
    line[2]!.kill();
    owner.kill();
    while (answers.qsize() < 2);
    assert.deepEqual([answers.getSync(), answers.getSync()], [true, false]);
    await Promise.all([owner, ...line].map((p) => p.join()));
  });
}

test('a parent blocked in another lock stops nobody, and learns of the death it waits for', async () => {
  const [one, two] = [new Lock(), new Lock()];
  const taken = new Queue<number>();
  const answers = new Queue<boolean>();
  using _ = watchdog('two locks', 40, one, two);
  const owner = start(
    (a: Lock, b: Lock, q: Queue<number>) => {
      a.acquireSync();
      hold(b, q);
    },
    one,
    two,
    taken,
  );
  await taken.get();
  const waiter = start(take, one, answers);
  await inLine(one, 1, [waiter]);
  owner.kill();
  assert.equal(two.acquireSync(TIMEOUT), true);
  assert.equal(two.abandoned, true);
  assert.equal(answers.getSync(TIMEOUT), true);
  await Promise.all([owner.join(), waiter.join()]);
});

test('tryAcquire and a wait of no time see that the owner is dead', async () => {
  for (const attempt of [(l: Lock) => l.tryAcquire(), (l: Lock) => l.acquireSync({ timeout: 0 })]) {
    const lock = new Lock();
    const taken = new Queue<number>();
    using _ = watchdog('dead owner', 40, lock);
    const owner = start(hold, lock, taken);
    await taken.get();
    assert.equal(attempt(lock), false);
    owner.kill();
    // The event loop does not turn, so that nobody is told.
    while (!attempt(lock));
    assert.equal(lock.abandoned, true);
    await owner.join();
  }
});

test('the death of one that was handed the lock passes it on', async () => {
  const lock = new Lock();
  const answers = new Queue<boolean>();
  using _ = watchdog('handed to the dead', 60, lock, answers);
  lock.acquireSync();
  const stopped = start(take, lock, answers);
  await inLine(lock, 1, [stopped]);
  const next = start(take, lock, answers);
  await inLine(lock, 2, [stopped, next]);
  process.kill(stopped.pid!, 'SIGSTOP');
  lock.release();
  // The first in line cannot come: the second is served, and the first when it is itself again.
  assert.equal(await answers.get(TIMEOUT), false);
  process.kill(stopped.pid!, 'SIGCONT');
  assert.equal(await answers.get(TIMEOUT), false);
  await Promise.all([stopped.join(), next.join()]);
});

test('an owner that is stopped keeps the lock until it goes on', async () => {
  const lock = new Lock();
  const answers = new Queue<number>();
  const go = new Queue<number>();
  using _ = watchdog('stopped owner', 60, lock, answers);
  const owner = start(
    (l: Lock, a: Queue<number>, g: Queue<number>) => {
      l.acquireSync();
      a.putSync(1);
      g.getSync();
      l.release();
    },
    lock,
    answers,
    go,
  );
  await answers.get();
  process.kill(owner.pid!, 'SIGSTOP');
  go.putSync(1);
  assert.equal(await lock.acquire({ timeout: 50 }), false);
  assert.equal(lock.acquireSync({ timeout: 50 }), false);
  process.kill(owner.pid!, 'SIGCONT');
  assert.equal(await lock.acquire(TIMEOUT), true);
  await owner.join();
});
