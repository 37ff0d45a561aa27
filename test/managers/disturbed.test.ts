import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EndOfStreamError, Queue } from 'multiproc';
import { type Factory, Manager } from 'multiproc/managers';
import { armHere, disarmHere } from '../disturb/arm-here.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { forEachOrder } from '../disturb/each-order.ts';
import type { Order } from '../disturb/order.ts';
import { usualWays } from '../disturb/plan.ts';
import { lookAfter } from '../disturb/stopper.ts';
import { isWithoutOrphans, until } from '../inside.ts';

/** By which the server is given its orders. */
class Arms {
  arm(path: string, order: Order): number {
    return armHere(path, order);
  }
  disarm(): void {
    disarmHere();
  }
}

class Armed extends Manager {
  declare arms: Factory<typeof Arms>;
}
Armed.register('arms', Arms);

const manager = new Manager();
after(() => manager.shutdown());

type Dict = ReturnType<Manager['dict']>;

test('disturbed anywhere in its calls, a client loses none that was answered, and holds up nobody', async () => {
  const count = await disturbEverywhere(
    async (dict: Dict) => {
      await dict.set('a', { b: 1 });
      assert.deepEqual(await dict.get('a'), { b: 1 });
      dict[Symbol.dispose]();
    },
    () => [manager.dict() as Dict],
    async ({ isDead, threw }, dict) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      const value = await dict.get('a');
      if (!isDead && threw.length === 0) assert.deepEqual(value, { b: 1 });
      assert.ok(value === undefined || (value as { b: number }).b === 1);
      await dict.set('a', 2);
      assert.equal(await dict.get('a'), 2);
      dict[Symbol.dispose]();
    },
    { meanwhile: async (dict) => void (await dict.size()) },
  );
  assert.ok(count >= 30, `${count} points`);
});

test('disturbed anywhere while it gives back the last proxy of an object, a client leaves no object behind', async () => {
  await disturbEverywhere(
    async (gifts: Queue<Dict>) => {
      const dict = gifts.getSync();
      dict[Symbol.dispose]();
    },
    () => {
      const gifts = new Queue<Dict>();
      const dict = manager.dict() as Dict;
      gifts.putSync(dict);
      dict[Symbol.dispose]();
      return [gifts] as [Queue<Dict>];
    },
    ({ threw }, gifts) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      gifts.close();
    },
    { where: 'managers/lease-kinds.ts' },
  );
});

test('disturbed anywhere while it starts a manager, uses and ends it, a process leaves no server behind', async () => {
  await disturbEverywhere(
    async () => {
      const own = new Manager();
      try {
        const list = own.list([1]);
        await list.push(2);
        assert.deepEqual(await list.toArray(), [1, 2]);
      } finally {
        await own.shutdown();
      }
    },
    () => [],
    async ({ threw }) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      await until(isWithoutOrphans);
    },
    { where: 'managers/lease.ts' },
  );
});

test('disturbed anywhere between calls, a server answers each of them, or is gone for all', async () => {
  const count = await forEachOrder('server', usualWays, async (order, cell) => {
    const own = new Armed();
    const arms = own.arms();
    const isOver = order.way === 'stop' ? lookAfter(cell) : undefined;
    await arms.arm(cell.path, order).catch((error) => assert.ok(error instanceof EndOfStreamError));
    const queue = own.queue();
    const dict = own.dict();
    const calls = [queue.put(1), queue.get(), queue.get({ timeout: 1 }), queue.qsize(), dict.set('a', queue)];
    const outcomes: PromiseSettledResult<unknown>[] = await Promise.allSettled(calls);
    // A proxy of an object that the server has anyway; then the server learns that one is not wanted any more.
    outcomes.push(...(await Promise.allSettled([dict.get('a')])));
    dict[Symbol.dispose]();
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok('code' in outcome.reason, String(outcome.reason));
    }
    if (order.way === 'count') await arms.disarm();
    if (order.way !== 'kill') assert.equal(await queue.qsize(), 0);
    await own.shutdown();
    cell.set('over', 1);
    await isOver;
  });
  assert.ok(count >= 20, `${count} points`);
});
