import assert from 'node:assert/strict';
import { getContext, getStartMethod, Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { isWithoutOrphans, start, until } from '../inside.ts';

/** All that the disturbed one has started has ended, and new ones start. */
async function usable(): Promise<void> {
  await until(isWithoutOrphans);
  const next = start((n: number) => process.exit(n), 3);
  await next.join();
  assert.equal(next.exitCode, 3);
}

test('disturbed anywhere while it starts a process and waits for it, a process leaves none behind', async () => {
  const count = await disturbEverywhere(
    (queue: Queue<number>) => {
      const child = new Process({ target: (q: Queue<number>) => q.putSync(1), args: [queue] });
      child.start();
      child.joinSync();
      if (child.exitCode !== 0) throw Object.assign(new Error('The child has failed.'), { code: 'CHILD' });
    },
    () => [new Queue<number>()],
    async ({ isDead, threw }, queue) => {
      if (!isDead) assert.equal(queue.qsize(), 1 - threw.length);
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      await usable();
    },
    { meanwhile: () => void new Process() },
  );
  assert.ok(count >= 20, `${count} points`);
});

// In a thread: elsewhere it is the same as above.
if (getStartMethod() === 'thread') {
  test('disturbed anywhere while it starts a process and waits for it, a thread leaves none behind', async () => {
    await disturbEverywhere(
      (queue: Queue<number>) => {
        const child = new (getContext('spawn').Process)({ target: (q: Queue<number>) => q.putSync(1), args: [queue] });
        child.start();
        child.joinSync();
        if (child.exitCode !== 0) throw Object.assign(new Error('The child has failed.'), { code: 'CHILD' });
      },
      () => [new Queue<number>()],
      async ({ isDead, threw }, queue) => {
        if (!isDead) assert.equal(queue.qsize(), 1 - threw.length);
        await usable();
      },
      { where: 'memory/thread-children.ts' },
    );
  });
}

test('disturbed anywhere while it starts a detached process, a process leaves none that waits for its work for ever', async () => {
  await disturbEverywhere(
    (queue: Queue<number>) => {
      const child = new Process({ target: (q: Queue<number>) => q.putSync(1), args: [queue], detached: true });
      child.start();
      child.joinSync();
    },
    () => [new Queue<number>()],
    async ({ threw }) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      await usable();
    },
    // The last of them is the hand-over of the work.
    { ways: ['kill'], where: 'memory/members.ts exchange' },
  );
});

test('disturbed anywhere from its birth on, a process does its work or ends, and its parent learns of it', async () => {
  const count = await disturbEverywhere(
    (queue: Queue<number>) => queue.putSync(1),
    () => [new Queue<number>()],
    async ({ isDead, threw }, queue) => {
      if (!isDead) assert.equal(queue.qsize(), 1 - threw.length);
      await usable();
    },
    { fromBirth: true, meanwhile: (queue) => void queue.qsize() },
  );
  assert.ok(count >= 20, `${count} points`);
});
