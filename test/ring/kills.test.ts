import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from 'multiproc';
import { killEverywhere } from '../crash.ts';
import { watchdog } from '../hang.ts';
import { holders } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** Everything still works, and every item is whole. */
async function usable(queue: Queue<unknown>): Promise<void> {
  await queue.put('after', TIMEOUT);
  assert.equal(await queue.get(TIMEOUT), 'after');
  assert.equal(queue.qsize(), 0);
}

for (const [what, item] of [
  ['a number', 7],
  ['an object', { a: [1, 2, 'three'] }],
  ['a long text', 'long '.repeat(20_000)],
  ['a large binary', new Uint8Array(100_000).fill(3)],
] as const) {
  test(`a producer killed anywhere in putSync of ${what} has put all of it or nothing`, async () => {
    const died = await killEverywhere(
      (queue: Queue<unknown>, value: unknown) => queue.putSync(value),
      () => [new Queue<unknown>(2), item],
      async (n, queue) => {
        using _ = watchdog(`put ${what}, killed at ${n}`, 40, queue);
        assert.ok(queue.qsize() <= 1);
        if (queue.qsize() === 1) assert.deepEqual(queue.getSync(TIMEOUT), item);
        await usable(queue);
      },
    );
    assert.ok(died >= 3, `${died} places`);
  });

  test(`a consumer killed anywhere in getSync of ${what} has taken all of it or nothing`, async () => {
    const died = await killEverywhere(
      (queue: Queue<unknown>) => void queue.getSync(),
      () => {
        const queue = new Queue<unknown>(2);
        queue.putSync(item);
        queue.putSync('second');
        return [queue];
      },
      async (n, queue) => {
        using _ = watchdog(`get ${what}, killed at ${n}`, 40, queue);
        if (queue.qsize() === 2) assert.deepEqual(queue.getSync(TIMEOUT), item);
        assert.equal(queue.getSync(TIMEOUT), 'second');
        await usable(queue);
      },
    );
    assert.ok(died >= 3, `${died} places`);
  });
}

test('a producer killed where one segment ends and the next begins leaves a queue that goes on', async () => {
  await killEverywhere(
    (queue: Queue<number>) => {
      for (let i = 0; i < 3; i++) queue.putSync(i);
    },
    () => {
      const queue = new Queue<number>();
      // The first segment has room for 502 numbers.
      for (let i = 0; i < 501; i++) queue.putSync(i);
      return [queue];
    },
    async (n, queue) => {
      using _ = watchdog(`segments, killed at ${n}`, 40, queue);
      for (let i = 0; i < 501; i++) assert.equal(queue.getSync(TIMEOUT), i);
      for (let i = 0; queue.qsize() > 0; i++) assert.equal(queue.getSync(TIMEOUT), i);
      await usable(queue);
    },
  );
});

test('a message with a queue in it lets go of that queue wherever its sender or receiver is killed', async () => {
  const leaks: number[] = [];
  await killEverywhere(
    (outer: Queue<unknown>, inner: Queue<unknown>) => {
      outer.putSync({ inner });
      outer.getSync();
    },
    () => [new Queue<unknown>(), new Queue<unknown>()],
    async (n, outer, inner) => {
      using _ = watchdog(`handles, killed at ${n}`, 40, outer);
      while (!outer.empty()) outer.getSync(TIMEOUT);
      // This process holds it once; the place between two stores where a count is lost is the price of never losing an object.
      assert.ok(holders(inner) >= 1, `killed at ${n}: freed while in use`);
      if (holders(inner) > 1) leaks.push(n);
    },
  );
  assert.ok(leaks.length <= 8, `counts were lost at ${leaks.join(', ')}`);
});
