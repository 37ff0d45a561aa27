import assert from 'node:assert/strict';
import { BoundedSemaphore, Condition, Event, Lock, Queue, RLock, Semaphore } from 'multiproc';
import { locate } from '#dist/memory/shared-object.js';
import { ConditionLine } from '#dist/sync/condition-line.js';
import { test } from '../cases.ts';
import { tryToAcquire, tryToNotice } from '../disturb/bystanders.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { holdUntilKilled, isAsleep, slay, start } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

function takeOne(semaphore: BoundedSemaphore): void {
  semaphore.acquireSync();
  semaphore.release();
}

/** Both units are free, and no more. */
async function bothFree(semaphore: BoundedSemaphore): Promise<void> {
  for (let i = 0; i < 2; i++) assert.equal(await semaphore.acquire(TIMEOUT), true);
  assert.equal(semaphore.tryAcquire(), false);
  for (let i = 0; i < 2; i++) semaphore.release();
  assert.throws(() => semaphore.release(), { code: 'ERR_STATE' });
}

test('disturbed anywhere in acquireSync and release of a semaphore, a process takes no unit with it', async () => {
  const count = await disturbEverywhere(
    takeOne,
    () => [new BoundedSemaphore(2)],
    (_, semaphore) => bothFree(semaphore),
    { meanwhile: tryToAcquire },
  );
  assert.ok(count >= 6, `${count} points`);
});

test('disturbed anywhere in a wait for a semaphore, a process holds up nobody', async () => {
  const count = await disturbEverywhere(
    (semaphore: Semaphore) => assert.equal(semaphore.acquireSync({ timeout: 3 }), false),
    () => {
      const semaphore = new Semaphore(1);
      semaphore.acquireSync();
      return [semaphore];
    },
    async ({ threw }, semaphore) => {
      assert.deepEqual(threw, []);
      const wait = semaphore.acquire(TIMEOUT);
      semaphore.release();
      assert.equal(await wait, true);
      semaphore.release();
      assert.equal(semaphore.getValue(), 1);
    },
    {
      prepare: (semaphore) => {
        for (let i = 0; i < 6; i++) semaphore.acquireSync({ timeout: 0.01 });
      },
      meanwhile: tryToAcquire,
    },
  );
  assert.ok(count >= 8, `${count} points`);
});

/** Has two units held by a process that is dead, and that nobody has reclaimed yet. */
function leaveBehind(semaphore: Semaphore): void {
  const taken = new Queue<number>();
  const holder = start(holdUntilKilled, semaphore, taken, 2);
  taken.getSync();
  holder.kill();
}

test('disturbed anywhere while it takes over the units of a dead holder, a process takes none with it', async () => {
  const count = await disturbEverywhere(
    takeOne,
    () => [new BoundedSemaphore(2)],
    (_, semaphore) => bothFree(semaphore),
    { prepare: leaveBehind, meanwhile: tryToAcquire },
  );
  assert.ok(count >= 10, `${count} points`);
});

test('disturbed anywhere while it settles what a dead process had used up, a process loses no signal', async () => {
  const count = await disturbEverywhere(
    (semaphore: Semaphore) => semaphore.release(),
    () => {
      const semaphore = new Semaphore(0);
      for (let i = 0; i < 8; i++) semaphore.release();
      const dead = start((s: Semaphore) => {
        for (let i = 0; i < 3; i++) s.acquireSync();
        new Queue().getSync();
      }, semaphore);
      while (semaphore.getValue() > 5);
      dead.kill();
      dead.joinSync();
      return [semaphore];
    },
    (_, semaphore) => {
      // Before the release has come about, or after it.
      const left = semaphore.getValue();
      assert.ok(left === 5 || left === 6, `${left} units`);
      for (let i = 0; i < left; i++) assert.equal(semaphore.tryAcquire(), true);
      assert.equal(semaphore.tryAcquire(), false);
    },
    { meanwhile: (semaphore) => void semaphore.getValue() },
  );
  assert.ok(count >= 9, `${count} points`);
});

/** The line of a condition with its default lock, as its own words have it. */
function lineOf(condition: Condition): ConditionLine {
  const { family, offset } = locate(condition);
  return new ConditionLine(family, offset + 16 * 4);
}

test('disturbed anywhere while it passes on what a dead waiter did not use, a process gives it to just one', async () => {
  const count = await disturbEverywhere(
    (condition: Condition) => lineOf(condition).passOn(),
    () => {
      const condition = new Condition();
      const said = new Queue<number>();
      const dead = start(
        (c: Condition, q: Queue<number>) => {
          lineOf(c).enrol();
          q.putSync(1);
          new Queue().getSync();
        },
        condition,
        said,
      );
      said.getSync();
      lineOf(condition).notify(1);
      for (let i = 0; i < 2; i++) lineOf(condition).enrol();
      dead.kill();
      dead.joinSync();
      return [condition];
    },
    (_, condition) => {
      lineOf(condition).passOn();
      assert.deepEqual(
        [1, 2].map((entry) => lineOf(condition).isNotified(entry)),
        [true, false],
      );
    },
    { meanwhile: (condition) => void lineOf(condition).isNotified(1) },
  );
  assert.ok(count >= 6, `${count} points`);
});

/** The number of entries that have room in the object itself. */
const FIRST_ENTRIES = 5;

test('disturbed anywhere while it joins a line that is full, a process makes room for all who come', async () => {
  const count = await disturbEverywhere(
    (condition: Condition) => void lineOf(condition).enrol(),
    () => {
      const condition = new Condition();
      for (let i = 0; i < FIRST_ENTRIES; i++) lineOf(condition).enrol();
      return [condition];
    },
    (_, condition) => {
      const mine = lineOf(condition).enrol();
      assert.ok(mine === FIRST_ENTRIES || mine === FIRST_ENTRIES + 1, `entry ${mine}`);
      lineOf(condition).notifyAll();
      for (let entry = 0; entry <= mine; entry++) assert.equal(lineOf(condition).isNotified(entry), true);
    },
    { meanwhile: (condition) => void lineOf(condition).isNotified(0) },
  );
  assert.ok(count >= 6, `${count} points`);
});

test('disturbed anywhere in RLock, nested, a process holds up nobody', async () => {
  const count = await disturbEverywhere(
    (lock: RLock) => {
      for (let i = 0; i < 3; i++) lock.acquireSync();
      for (let i = 0; i < 3; i++) lock.release();
    },
    () => [new RLock()],
    async (_, lock) => {
      assert.equal(await lock.acquire(TIMEOUT), true);
      lock.release();
    },
    { meanwhile: tryToAcquire },
  );
  assert.equal(count, 2);
});

test('disturbed anywhere in set, a process leaves the event clear, or set and its waiters awake', async () => {
  const count = await disturbEverywhere(
    (event: Event) => event.set(),
    () => {
      const event = new Event();
      void event.wait();
      return [event];
    },
    async ({ isDead, threw }, event) => {
      if (!isDead && threw.length === 0) assert.equal(event.isSet(), true);
      const wait = event.wait(TIMEOUT);
      if (!event.isSet()) event.set();
      assert.equal(await wait, true);
    },
    { meanwhile: tryToNotice },
  );
  assert.ok(count >= 4, `${count} points`);
});

for (const [name, make] of [
  ['an RLock', () => new Condition()],
  ['a Lock', () => new Condition(new Lock())],
] as const) {
  test(`disturbed anywhere in a wait for a condition of ${name}, a process holds up nobody`, async () => {
    const count = await disturbEverywhere(
      (condition: Condition) => {
        condition.acquireSync();
        try {
          condition.waitSync({ timeout: 2 });
        } finally {
          condition.release();
        }
      },
      () => [make()],
      async (_, condition) => {
        assert.equal(await condition.acquire(TIMEOUT), true);
        const wait = condition.wait(TIMEOUT);
        await condition.with(() => condition.notify());
        assert.equal(await wait, true);
        condition.release();
      },
      {
        prepare: (condition) => {
          condition.acquireSync();
          for (let i = 0; i < 12; i++) condition.waitSync({ timeout: 0.01 });
          condition.release();
        },
        meanwhile: async (condition) => {
          if (!(await condition.acquire({ timeout: 1 }))) return;
          condition.notifyAll();
          await condition.wait({ timeout: 1 });
          condition.release();
          condition.close();
        },
      },
    );
    assert.ok(count >= 8, `${count} points`);
  });
}

test('disturbed anywhere in notify, a process holds up nobody', async () => {
  const condition = new Condition();
  const woken = new Queue<number>();
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
  const count = await disturbEverywhere(
    (c: Condition) => {
      try {
        c.notify();
      } finally {
        c.release();
      }
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
    { prepare: (c) => void c.acquireSync(), meanwhile: tryToAcquire },
  );
  assert.ok(count >= 4, `${count} points`);
  await slay(waiter);
});
