import assert from 'node:assert/strict';
import { Barrier, BrokenBarrierError, Empty, JoinableQueue, ShutDown } from 'multiproc';
import { test } from '../cases.ts';
import { killEverywhere } from '../crash.ts';
import { watchdog } from '../hang.ts';
import { inLine, slay, start } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

test('killed anywhere in a round of a barrier, a party lets the others pass or breaks it', async () => {
  let wait: Promise<unknown> | undefined;
  const died = await killEverywhere(
    (barrier: Barrier) => void barrier.waitSync(),
    () => {
      const barrier = new Barrier(2);
      wait = barrier.wait().then(
        () => 'passed',
        (error) => (error instanceof BrokenBarrierError ? 'broken' : error),
      );
      return [barrier];
    },
    async (n, barrier) => {
      using _ = watchdog(`barrier, killed at ${n}`, 40, barrier);
      assert.ok(['passed', 'broken'].includes(String(await wait)));
      barrier.reset();
      assert.equal((await Promise.all([barrier.wait(TIMEOUT), barrier.wait(TIMEOUT)])).length, 2);
    },
  );
  assert.ok(died >= 8, `${died} places`);
});

test('killed anywhere in abort and reset, a process leaves a barrier that can be used', async () => {
  const died = await killEverywhere(
    (barrier: Barrier) => {
      barrier.abort();
      barrier.reset();
    },
    () => [new Barrier(2)],
    async (n, barrier) => {
      using _ = watchdog(`abort and reset, killed at ${n}`, 40, barrier);
      barrier.reset();
      assert.equal((await Promise.all([barrier.wait(TIMEOUT), barrier.wait(TIMEOUT)])).length, 2);
    },
  );
  assert.ok(died >= 8, `${died} places`);
});

test('killed anywhere in taskDone, a process leaves the item done or not, and join goes on', async () => {
  const died = await killEverywhere(
    (queue: JoinableQueue<number>) => queue.taskDone(),
    () => {
      const queue = new JoinableQueue<number>();
      queue.putSync(1);
      queue.getSync();
      return [queue];
    },
    async (n, queue) => {
      using _ = watchdog(`taskDone, killed at ${n}`, 40, queue);
      const join = queue.join(TIMEOUT);
      try {
        queue.taskDone();
      } catch {
        // It was done before the death.
      }
      await join;
      assert.throws(() => queue.taskDone(), { code: 'ERR_STATE' });
    },
  );
  assert.ok(died >= 1, `${died} places`);
});

test('killed anywhere in an immediate shutdown, nobody joins for ever', async () => {
  const died = await killEverywhere(
    (queue: JoinableQueue<number>) => queue.shutdown({ immediate: true }),
    () => {
      const queue = new JoinableQueue<number>();
      for (let i = 0; i < 3; i++) queue.putSync(i);
      return [queue];
    },
    async (n, queue) => {
      using _ = watchdog(`shutdown, killed at ${n}`, 40, queue);
      queue.shutdown({ immediate: true });
      await queue.join(TIMEOUT);
    },
  );
  assert.ok(died >= 6, `${died} places`);
});

test('killed anywhere in an immediate shutdown, all that is inside is thrown away, or nothing', async () => {
  const died = await killEverywhere(
    (queue: JoinableQueue<unknown>) => queue.shutdown({ immediate: true }),
    () => {
      const queue = new JoinableQueue<unknown>();
      for (let i = 0; i < 4; i++) queue.putSync([i, new Uint8Array(100_000)]);
      // This process is the last that has taken something out.
      queue.getSync();
      queue.taskDone();
      return [queue];
    },
    async (n, queue) => {
      using _ = watchdog(`items, killed at ${n}`, 40, queue);
      const inside = queue.qsize();
      let taken = 0;
      try {
        for (; ; taken++) queue.getNowait();
      } catch (error) {
        assert.ok(error instanceof Empty || error instanceof ShutDown);
      }
      assert.ok(inside === taken && (inside === 0 || inside === 3), `killed at ${n}: ${taken} of ${inside} inside`);
      // Whoever took an item can say that it is done, and nobody joins before.
      for (; taken > 0; taken--) {
        await assert.rejects(queue.join({ timeout: 0 }), { code: 'ERR_TIMEOUT' });
        queue.taskDone();
      }
      await queue.join(TIMEOUT);
      assert.throws(() => queue.taskDone(), { code: 'ERR_STATE' });
    },
  );
  assert.ok(died >= 10, `${died} places`);
});

test('a joiner that is killed holds up nobody', async () => {
  const queue = new JoinableQueue<number>();
  using _ = watchdog('dead joiner', 40, queue);
  queue.putSync(1);
  const line = [start((q: JoinableQueue<number>) => q.joinSync(), queue)];
  await inLine(queue, 1, line, 'join');
  line.push(start((q: JoinableQueue<number>) => q.join(), queue));
  await inLine(queue, 2, line, 'join');
  await slay(line[0]!);
  queue.getSync();
  queue.taskDone();
  await line[1]!.join();
  assert.equal(line[1]!.exitCode, 0);
});
