import assert from 'node:assert/strict';
import { BoundedSemaphore, Condition, Event, Lock, type Process, Queue, RLock, Semaphore } from 'multiproc';
import { locate } from '#dist/memory/shared-object.js';
import { ConditionLine } from '#dist/sync/condition-line.js';
import { test } from '../cases.ts';
import { killEverywhere } from '../crash.ts';
import { watchdog } from '../hang.ts';
import { inLine, isAsleep, slay, start, until } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** Acquires twice and says so, then sleeps. */
function holdTwo(lock: RLock | Semaphore, taken: Queue<number>): void {
  lock.acquireSync();
  lock.acquireSync();
  taken.putSync(1);
  new Queue().getSync();
}

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
      const owner = start(holdTwo, lock, taken);
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
  const two = start(holdTwo, semaphore, taken);
  await taken.get(TIMEOUT);
  const one = start(
    (s: Semaphore, q: Queue<number>) => {
      s.acquireSync();
      q.putSync(1);
      new Queue().getSync();
    },
    semaphore,
    taken,
  );
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
  const p = start(holdTwo, signals, taken);
  signals.release();
  signals.release();
  await taken.get(TIMEOUT);
  await slay(p);
  assert.equal(signals.getValue(), 0);
  assert.equal(signals.tryAcquire(), false);
  signals.release();
  assert.equal(signals.getValue(), 1);
});

test('killed anywhere while it settles what a dead process had used up, a process loses no signal', async () => {
  const semaphores = Array.from({ length: 20 }, () => new Semaphore(0));
  for (const semaphore of semaphores) for (let i = 0; i < 8; i++) semaphore.release();
  const taken = new Queue<number>();
  const dead = start(
    (all: Semaphore[], q: Queue<number>) => {
      for (const semaphore of all) for (let i = 0; i < 3; i++) semaphore.acquireSync();
      q.putSync(1);
      new Queue().getSync();
    },
    semaphores,
    taken,
  );
  await taken.get(TIMEOUT);
  await slay(dead);
  const left: number[] = [];
  const died = await killEverywhere(
    (semaphore: Semaphore) => semaphore.release(),
    () => [semaphores.pop()!],
    (n, semaphore) => {
      left.push(semaphore.getValue());
      for (let i = 0; i < left.at(-1)!; i++) assert.equal(semaphore.tryAcquire(), true, `killed at ${n}`);
      assert.equal(semaphore.tryAcquire(), false, `killed at ${n}`);
    },
  );
  assert.ok(died >= 9, `${died} places`);
  // Before the release has come about, and after it.
  const after = left.indexOf(6);
  assert.deepEqual(left, [...Array(after).fill(5), ...Array(died - after).fill(6)]);
});

test('killed anywhere in acquireSync and release of a semaphore, a process takes no unit with it', async () => {
  const died = await killEverywhere(
    (semaphore: BoundedSemaphore) => {
      semaphore.acquireSync();
      semaphore.release();
    },
    () => [new BoundedSemaphore(2)],
    async (n, semaphore) => {
      using _ = watchdog(`semaphore, killed at ${n}`, 40, semaphore);
      for (let i = 0; i < 2; i++) assert.equal(await semaphore.acquire(TIMEOUT), true);
      assert.equal(semaphore.tryAcquire(), false);
      for (let i = 0; i < 2; i++) semaphore.release();
      assert.throws(() => semaphore.release(), { code: 'ERR_STATE' });
    },
  );
  assert.ok(died >= 6, `${died} places`);
});

test('killed anywhere in a wait for a semaphore, a process holds up nobody', async () => {
  const died = await killEverywhere(
    (semaphore: Semaphore) => void semaphore.acquireSync({ timeout: 3 }),
    () => {
      const semaphore = new Semaphore(1);
      semaphore.acquireSync();
      return [semaphore];
    },
    async (n, semaphore) => {
      using _ = watchdog(`wait for a semaphore, killed at ${n}`, 40, semaphore);
      const wait = semaphore.acquire(TIMEOUT);
      semaphore.release();
      assert.equal(await wait, true);
      semaphore.release();
      assert.equal(semaphore.getValue(), 1);
    },
    (semaphore) => {
      for (let i = 0; i < 6; i++) semaphore.acquireSync({ timeout: 0.01 });
    },
  );
  assert.ok(died >= 8, `${died} places`);
});

test('killed anywhere in RLock, nested, a process holds up nobody', async () => {
  const died = await killEverywhere(
    (lock: RLock) => {
      for (let i = 0; i < 3; i++) lock.acquireSync();
      for (let i = 0; i < 3; i++) lock.release();
    },
    () => [new RLock()],
    async (n, lock) => {
      using _ = watchdog(`RLock, killed at ${n}`, 40, lock);
      assert.equal(await lock.acquire(TIMEOUT), true);
      lock.release();
    },
  );
  assert.equal(died, 2);
});

test('killed anywhere in set, a process leaves the event clear, or set and its waiters awake', async () => {
  const died = await killEverywhere(
    (event: Event) => event.set(),
    () => {
      const event = new Event();
      void event.wait();
      return [event];
    },
    async (n, event) => {
      using _ = watchdog(`set, killed at ${n}`, 40, event);
      const wait = event.wait(TIMEOUT);
      if (event.isSet()) assert.equal(await wait, true);
      else {
        event.set();
        assert.equal(await wait, true);
      }
    },
  );
  assert.ok(died >= 4, `${died} places`);
});

for (const [name, make] of [
  ['an RLock', () => new Condition()],
  ['a Lock', () => new Condition(new Lock())],
] as const) {
  test(`killed anywhere in a wait for a condition of ${name}, a process holds up nobody`, async () => {
    const died = await killEverywhere(
      (condition: Condition) => {
        condition.acquireSync();
        condition.waitSync({ timeout: 2 });
        condition.release();
      },
      () => [make()],
      async (n, condition) => {
        using _ = watchdog(`wait, killed at ${n}`, 40, condition);
        assert.equal(await condition.acquire(TIMEOUT), true);
        const wait = condition.wait(TIMEOUT);
        await condition.with(() => condition.notify());
        assert.equal(await wait, true);
        condition.release();
      },
      (condition) => {
        condition.acquireSync();
        for (let i = 0; i < 12; i++) condition.waitSync({ timeout: 0.01 });
        condition.release();
      },
    );
    assert.ok(died >= 8, `${died} places`);
  });
}

test('killed anywhere in notify, a process holds up nobody', async () => {
  const condition = new Condition();
  const woken = new Queue<number>();
  using _ = watchdog('notify', 100, condition, woken);
  const waiter = start(
    (c: Condition, q: Queue<number>) => {
      for (;;) {
        c.acquireSync();
        c.waitSync();
        c.release();
        q.putSync(1);
      }
    },
    condition,
    woken,
  );
  const died = await killEverywhere(
    (c: Condition) => {
      c.notify();
      c.release();
    },
    () => {
      while (!isAsleep(waiter));
      return [condition];
    },
    async () => {
      assert.equal(await condition.acquire(TIMEOUT), true);
      condition.notify();
      condition.release();
      await woken.get(TIMEOUT);
      while (!woken.empty()) woken.getSync();
    },
    (c) => void c.acquireSync(),
  );
  assert.ok(died >= 4, `${died} places`);
  await slay(waiter);
});

test('a killed waiter is passed over, and notifyAll waits for nobody', async () => {
  const condition = new Condition();
  const woken = new Queue<number>();
  using _ = watchdog('dead waiters', 40, condition, woken);
  const wait = (c: Condition, q: Queue<number>, i: number): void => {
    c.acquireSync();
    c.waitSync();
    c.release();
    q.putSync(i);
  };
  const line: Process[] = [];
  for (let i = 0; i < 4; i++) {
    line.push(start(wait, condition, woken, i));
    await until(() => isAsleep(line[i]!) && !condition.locked());
  }
  await slay(line[0]!);
  await condition.with(() => condition.notify());
  assert.equal(await woken.get(TIMEOUT), 1);
  // Not buried yet when it is notified.
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
  const wait = async (c: Condition, q: Queue<number>, i: number): Promise<void> => {
    c.acquireSync();
    if (i === 0) c.waitSync();
    else await c.wait();
    c.release();
    q.putSync(i);
  };
  const line: Process[] = [];
  for (let i = 0; i < 3; i++) {
    line.push(start(wait, condition, woken, i));
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

/** The line of a condition, to be used without its lock. */
function lineOf(condition: Condition): ConditionLine {
  const { family, offset } = locate(condition);
  return new ConditionLine(family, offset + 16 * 4);
}

test('killed anywhere while it passes on what a dead waiter did not use, a process gives it to just one', async () => {
  const conditions = Array.from({ length: 12 }, () => new Condition());
  const said = new Queue<number>();
  const dead = start(
    (all: Condition[], q: Queue<number>) => {
      for (const condition of all) lineOf(condition).enrol();
      q.putSync(1);
      new Queue().getSync();
    },
    conditions,
    said,
  );
  await said.get(TIMEOUT);
  for (const condition of conditions) {
    lineOf(condition).notify(1);
    for (let i = 0; i < 2; i++) lineOf(condition).enrol();
  }
  await slay(dead);
  const died = await killEverywhere(
    (condition: Condition) => lineOf(condition).passOn(),
    () => [conditions.pop()!],
    (n, condition) => {
      lineOf(condition).passOn();
      const notified = [1, 2].map((entry) => lineOf(condition).isNotified(entry));
      assert.deepEqual(notified, [true, false], `killed at ${n}`);
    },
  );
  assert.ok(died >= 6, `${died} places`);
});

test('the lock of a condition whose owner is killed passes on, and waits go on', async () => {
  const condition = new Condition();
  const taken = new Queue<number>();
  using _ = watchdog('dead owner', 40, condition);
  const waiter = start(async (c: Condition) => {
    await c.acquire();
    process.exit((await c.wait()) && c.abandoned ? 0 : 1);
  }, condition);
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
