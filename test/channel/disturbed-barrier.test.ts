import assert from 'node:assert/strict';
import { Barrier, BrokenBarrierError } from 'multiproc';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';

const TIMEOUT = { timeout: 30_000 };

/** Two parties meet once more. */
async function usable(barrier: Barrier): Promise<void> {
  barrier.reset();
  assert.equal((await Promise.all([barrier.wait(TIMEOUT), barrier.wait(TIMEOUT)])).length, 2);
}

/** What a party comes to. */
function outcome(wait: Promise<unknown>): Promise<unknown> {
  return wait.then(
    () => 'passed',
    (error) => (error instanceof BrokenBarrierError ? 'broken' : error),
  );
}

test('disturbed anywhere as the last party of a round, a process lets the others pass or breaks it', async () => {
  let wait: Promise<unknown> | undefined;
  const count = await disturbEverywhere(
    (barrier: Barrier) => void barrier.waitSync(),
    () => {
      const barrier = new Barrier(2, { action: () => {} });
      wait = outcome(barrier.wait());
      return [barrier];
    },
    async ({ isDead, threw }, barrier) => {
      const came = await wait;
      if (!isDead && threw.length === 0) assert.equal(came, 'passed');
      assert.ok(came === 'passed' || came === 'broken', String(came));
      await usable(barrier);
    },
    { meanwhile: (barrier) => void barrier.nWaiting },
  );
  assert.ok(count >= 8, `${count} points`);
});

test('disturbed anywhere as a party that gives up, a process breaks the barrier, or leaves it as it was', async () => {
  const count = await disturbEverywhere(
    async (barrier: Barrier) => {
      assert.equal(await outcome(barrier.wait({ timeout: 1 })), 'broken');
      barrier.reset();
      await assert.rejects(barrier.wait({ signal: AbortSignal.timeout(1) }), { name: 'TimeoutError' });
    },
    () => [new Barrier(2)],
    async ({ threw }, barrier) => {
      assert.deepEqual(threw, []);
      await usable(barrier);
    },
    { meanwhile: (barrier) => void barrier.nWaiting },
  );
  assert.ok(count >= 8, `${count} points`);
});

test('disturbed anywhere in abort and reset, a process leaves a barrier that can be used', async () => {
  const count = await disturbEverywhere(
    (barrier: Barrier) => {
      barrier.abort();
      barrier.reset();
    },
    () => [new Barrier(2)],
    (_, barrier) => usable(barrier),
    { meanwhile: (barrier) => outcome(barrier.wait({ timeout: 1 })) },
  );
  assert.ok(count >= 8, `${count} points`);
});
