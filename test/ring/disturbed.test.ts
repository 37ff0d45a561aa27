import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Full, Queue, SharedValue } from 'multiproc';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { holders } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** Everything still works, and every item is whole. */
async function usable(queue: Queue<unknown>): Promise<void> {
  await queue.put('after', TIMEOUT);
  assert.equal(await queue.get(TIMEOUT), 'after');
  assert.equal(queue.qsize(), 0);
}

/** Waits for an item until the time is over, and until it is aborted. What it gets it puts back; then it is done with the queue. */
async function tryToGet(queue: Queue<unknown>): Promise<void> {
  const got: unknown[] = [];
  for (const wait of [{ timeout: 1 }, { signal: AbortSignal.timeout(2) }]) {
    await queue.get(wait).then(
      (item) => got.push(item),
      () => {},
    );
  }
  for (const item of got) await queue.put(item);
  queue.close();
}

/** Waits for room, in the same ways. */
async function tryToPut(queue: Queue<unknown>): Promise<void> {
  await queue.put('third', { timeout: 1 }).catch(() => {});
  await queue.put('third', { signal: AbortSignal.timeout(2) }).catch(() => {});
  queue.close();
}

for (const [what, item] of [
  ['a number', 7],
  ['an object', { a: [1, 2, 'three'] }],
  ['a long text', 'long '.repeat(20_000)],
  ['a large binary', new Uint8Array(100_000).fill(3)],
] as const) {
  test(`a producer disturbed anywhere in putSync of ${what} has put all of it or nothing`, async () => {
    const count = await disturbEverywhere(
      (queue: Queue<unknown>, value: unknown) => queue.putSync(value),
      () => [new Queue<unknown>(2), item],
      async ({ isDead, threw }, queue) => {
        if (!isDead) assert.equal(queue.qsize(), 1 - threw.length);
        assert.ok(queue.qsize() <= 1);
        if (queue.qsize() === 1) assert.deepEqual(queue.getSync(TIMEOUT), item);
        await usable(queue);
      },
      { meanwhile: tryToGet },
    );
    assert.ok(count >= 9, `${count} points`);
  });

  test(`a consumer disturbed anywhere in getSync of ${what} has taken all of it or nothing`, async () => {
    const count = await disturbEverywhere(
      (queue: Queue<unknown>) => void queue.getSync(),
      () => {
        const queue = new Queue<unknown>(2);
        queue.putSync(item);
        queue.putSync('second');
        return [queue];
      },
      async ({ isDead, threw }, queue) => {
        const next = queue.getSync(TIMEOUT);
        if (next !== 'second') {
          assert.ok(isDead || threw.length === 1, 'it was taken');
          assert.deepEqual(next, item);
          assert.equal(queue.getSync(TIMEOUT), 'second');
        }
        // Of those who tried meanwhile.
        while (queue.qsize() > 0) assert.equal(queue.getSync(TIMEOUT), 'third');
        await usable(queue);
      },
      { meanwhile: tryToPut },
    );
    assert.ok(count >= 6, `${count} points`);
  });
}

test('a producer disturbed anywhere in putMany has put whole items, from the first on', async () => {
  // The segment ends within the batch, a shared value goes by itself, and the last item finds no room.
  const items = [1, { a: 'two' }, 3, new SharedValue('int32', 4), 5, 6];
  const count = await disturbEverywhere(
    async (queue: Queue<unknown>, items: readonly unknown[]) => {
      await queue.putMany(items, { timeout: 1 }).catch((error) => {
        if (!(error instanceof Full)) throw error;
      });
    },
    () => {
      const queue = new Queue<unknown>(505);
      for (let i = 0; i < 500; i++) queue.putSync(0);
      return [queue, items];
    },
    async ({ isDead, threw }, queue) => {
      if (!isDead && threw.length === 0) assert.ok(queue.qsize() >= 504);
      for (let i = 0; i < 500; i++) assert.equal(queue.getSync(TIMEOUT), 0);
      for (let i = 0; queue.qsize() > 0; i++) {
        const item = queue.getSync(TIMEOUT);
        if (i === 3) assert.equal((item as SharedValue).value, 4);
        else assert.deepEqual(item, items[i]);
      }
      await usable(queue);
    },
    { meanwhile: (queue) => void queue.qsize() },
  );
  assert.ok(count >= 12, `${count} points`);
});

test('a consumer disturbed anywhere in getMany has taken whole items, from the first on', async () => {
  const items = [1, 2, 3, { a: 'four' }, 5, 6];
  const count = await disturbEverywhere(
    async (queue: Queue<unknown>) => void (await queue.getMany(5)),
    () => {
      const queue = new Queue<unknown>(6);
      for (const item of items) queue.putSync(item);
      return [queue];
    },
    async ({ isDead, threw }, queue) => {
      const rest: unknown[] = [];
      while (queue.qsize() > 0) rest.push(queue.getSync(TIMEOUT));
      const own = rest.filter((item) => item !== 'third');
      assert.deepEqual(own, items.slice(items.length - own.length));
      if (!isDead && threw.length === 0) assert.equal(own.length, 1);
      await usable(queue);
    },
    { meanwhile: tryToPut },
  );
  assert.ok(count >= 6, `${count} points`);
});

test('a producer disturbed where one segment ends and the next begins leaves a queue that goes on', async () => {
  await disturbEverywhere(
    (queue: Queue<number>) => {
      for (let i = 0; i < 3; i++) queue.putSync(i);
    },
    () => {
      const queue = new Queue<number>();
      // The first segment has room for 502 numbers.
      for (let i = 0; i < 501; i++) queue.putSync(i);
      return [queue];
    },
    async ({ isDead, threw }, queue) => {
      if (!isDead && threw.length === 0) assert.equal(queue.qsize(), 504);
      for (let i = 0; i < 501; i++) assert.equal(queue.getSync(TIMEOUT), i);
      for (let i = 0; queue.qsize() > 0; i++) assert.equal(queue.getSync(TIMEOUT), i);
      await usable(queue);
    },
    { meanwhile: (queue) => void queue.qsize() },
  );
});

test('a message with a queue in it lets go of that queue wherever its sender or receiver is disturbed', async () => {
  const leaks: string[] = [];
  await disturbEverywhere(
    (outer: Queue<unknown>, inner: Queue<unknown>) => {
      outer.putSync({ inner });
      outer.getSync();
    },
    () => [new Queue<unknown>(), new Queue<unknown>()],
    ({ isDead, point }, outer, inner) => {
      while (!outer.empty()) outer.getSync(TIMEOUT);
      // This process holds it once, and a victim that lives.
      const due = isDead ? 1 : 2;
      assert.ok(holders(inner) >= due, 'freed while in use');
      // The few stores between which a death loses a count are the price of never losing an object.
      if (!isDead) assert.equal(holders(inner), due);
      else if (holders(inner) > due) leaks.push(String(point));
    },
    { meanwhile: (outer, inner) => void [outer.qsize(), inner.close()] },
  );
  assert.ok(leaks.length <= 10, `counts were lost at ${leaks.join(', ')}`);
});
