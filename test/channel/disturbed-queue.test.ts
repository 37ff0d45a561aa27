import assert from 'node:assert/strict';
import { JoinableQueue, Queue, type Shared, share } from 'multiproc';
import { test } from '../cases.ts';
import { tryToGet, tryToPut } from '../disturb/bystanders.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { inLine, slay, start } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

test('disturbed anywhere in a blocked wait for an item, a process holds up nobody', async () => {
  await disturbEverywhere(
    (queue: Queue<unknown>) => assert.throws(() => queue.getSync({ timeout: 0.1 }), { code: 'ERR_QUEUE_EMPTY' }),
    () => [new Queue<unknown>(1)],
    async ({ threw }, queue) => {
      assert.deepEqual(threw, []);
      const got = queue.get(TIMEOUT);
      queue.putSync(1);
      assert.equal(await got, 1);
      assert.equal(queue.qsize(), 0);
    },
    {
      prepare: (queue) => {
        for (let i = 0; i < 4; i++) assert.throws(() => queue.getSync({ timeout: 0.01 }));
      },
      meanwhile: tryToGet,
    },
  );
});

test('disturbed anywhere in an awaited wait that is aborted, a process holds up nobody', async () => {
  await disturbEverywhere(
    (queue: Queue<unknown>) => assert.rejects(queue.get({ signal: AbortSignal.timeout(1) }), { name: 'TimeoutError' }),
    () => [new Queue<unknown>(1)],
    async ({ threw }, queue) => {
      assert.deepEqual(threw, []);
      const got = queue.get(TIMEOUT);
      queue.putSync(1);
      assert.equal(await got, 1);
      assert.equal(queue.qsize(), 0);
    },
    { meanwhile: tryToGet },
  );
});

test('disturbed anywhere in a wait for room, a process has put its item or not, and holds up nobody', async () => {
  await disturbEverywhere(
    (queue: Queue<unknown>) =>
      assert.throws(() => queue.putSync(new Uint8Array(1e5), { timeout: 0.1 }), { code: 'ERR_QUEUE_FULL' }),
    () => {
      const queue = new Queue<unknown>(1);
      queue.putSync('first');
      return [queue];
    },
    async ({ threw }, queue) => {
      assert.deepEqual(threw, []);
      const put = queue.put('second', TIMEOUT);
      assert.equal(queue.getSync(), 'first');
      await put;
      assert.equal(queue.getSync(), 'second');
      assert.equal(queue.qsize(), 0);
    },
    {
      prepare: (queue) => {
        for (let i = 0; i < 4; i++) assert.throws(() => queue.putSync(1, { timeout: 0.01 }));
      },
      meanwhile: tryToPut,
    },
  );
});

for (const kind of ['blocked', 'looping'] as const) {
  test(`disturbed anywhere between a put and the wake-up of a ${kind} getter, a process hangs nobody`, async () => {
    const queue = new Queue<number>();
    const answers = new Queue<number>();
    const getters = {
      looping: async (q: Queue<number>, a: Queue<number>) => {
        for (;;) await a.put(await q.get());
      },
      blocked: (q: Queue<number>, a: Queue<number>) => {
        for (;;) a.putSync(q.getSync());
      },
    };
    const getter = start(getters[kind], queue, answers);
    await inLine(queue, 1, [getter]);
    const count = await disturbEverywhere(
      (q: Queue<number>) => q.putSync(1),
      () => [queue],
      async () => {
        // It was put or not; what was put arrives.
        queue.putSync(2);
        const got: number[] = [];
        do got.push(await answers.get(TIMEOUT));
        while (got.at(-1) !== 2);
        assert.ok(got.length <= 2, 'it has come twice');
        await inLine(queue, 1, [getter]);
      },
      { meanwhile: (q) => void q.qsize() },
    );
    assert.ok(count >= 6, `${count} points`);
    await slay(getter);
  });
}

test('disturbed anywhere in a get that makes room, a process hangs no putter', async () => {
  const queue = new Queue<number>(1);
  queue.putSync(0);
  const putter = start(async (q: Queue<number>) => {
    for (let i = 1; ; i++) await q.put(i);
  }, queue);
  await inLine(queue, 1, [putter], 'put');
  let last = -1;
  await disturbEverywhere(
    (q: Queue<number>) => void q.getSync(),
    () => [queue],
    async () => {
      const next = await queue.get(TIMEOUT);
      assert.ok(next === last + 1 || next === last + 2, `${next} after ${last}`);
      last = next;
      await inLine(queue, 1, [putter], 'put');
    },
    { meanwhile: (q) => void q.qsize() },
  );
  await slay(putter);
});

test('disturbed anywhere in taskDone, a process leaves the item done or not, and join goes on', async () => {
  const count = await disturbEverywhere(
    (queue: JoinableQueue<number>) => queue.taskDone(),
    () => {
      const queue = new JoinableQueue<number>();
      queue.putSync(1);
      queue.getSync();
      return [queue];
    },
    async (_, queue) => {
      const join = queue.join(TIMEOUT);
      try {
        queue.taskDone();
      } catch {
        // It was done before.
      }
      await join;
      assert.throws(() => queue.taskDone(), { code: 'ERR_STATE' });
    },
    { meanwhile: (queue) => queue.join({ timeout: 1 }).catch(() => {}) },
  );
  assert.ok(count >= 1, `${count} points`);
});

test('disturbed anywhere in an immediate shutdown, nobody joins for ever', async () => {
  const count = await disturbEverywhere(
    (queue: JoinableQueue<number>) => queue.shutdown({ immediate: true }),
    () => {
      const queue = new JoinableQueue<number>();
      for (let i = 0; i < 3; i++) queue.putSync(i);
      return [queue];
    },
    async (_, queue) => {
      queue.shutdown({ immediate: true });
      await queue.join(TIMEOUT);
    },
    { meanwhile: (queue) => queue.join({ timeout: 1 }).catch(() => {}) },
  );
  assert.ok(count >= 6, `${count} points`);
});

test('disturbed anywhere in an immediate shutdown, a process throws away all that is inside, or nothing', async () => {
  const count = await disturbEverywhere(
    (queue: JoinableQueue<unknown>) => queue.shutdown({ immediate: true }),
    () => {
      const queue = new JoinableQueue<unknown>();
      for (let i = 0; i < 4; i++) queue.putSync([i, new Uint8Array(100_000)]);
      return [queue];
    },
    async (_, queue) => {
      const inside = queue.qsize();
      let taken = 0;
      for (; !queue.empty(); taken++) queue.getNowait();
      assert.ok(inside === taken && (inside === 0 || inside === 3), `${taken} of ${inside} inside`);
      // The member that took an item can say that it is done, and no join ends before.
      for (; taken > 0; taken--) {
        await assert.rejects(queue.join({ timeout: 0 }), { code: 'ERR_TIMEOUT' });
        queue.taskDone();
      }
      await queue.join(TIMEOUT);
      assert.throws(() => queue.taskDone(), { code: 'ERR_STATE' });
    },
    {
      prepare: (queue) => {
        queue.getSync();
        queue.taskDone();
      },
      meanwhile: (queue) => queue.join({ timeout: 1 }).catch(() => {}),
    },
  );
  assert.ok(count >= 10, `${count} points`);
});

test('disturbed anywhere while it shares a value and takes a copy, a process leaves those of others whole', async () => {
  await disturbEverywhere(
    (queue: Queue<Shared<number[]>>) => {
      queue.putSync(share([1, 2, 3]));
      assert.deepEqual(queue.getSync().value, [1, 2, 3]);
    },
    () => [new Queue<Shared<number[]>>()],
    (_, queue) => {
      while (!queue.empty()) assert.deepEqual(queue.getSync().value, [1, 2, 3]);
      queue.putSync(share([4]));
      assert.deepEqual(queue.getSync().value, [4]);
    },
    { meanwhile: (queue) => void queue.qsize() },
  );
});
