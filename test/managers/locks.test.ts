import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Process, Queue } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { coordinationSuite } from '../contracts/coordination-suite.ts';
import { slay } from '../inside.ts';

const manager = new Manager();
after(() => manager.shutdown());

coordinationSuite('a manager', () => manager);

test('the action of a barrier runs in the server', async () => {
  const barrier = manager.barrier(1, {
    action: () => {
      if (process.argv.includes('never')) throw new Error('never');
    },
  });
  assert.equal(await barrier.wait(), 0);
  await assert.rejects(manager.barrier(0).wait(), RangeError);
});

test('a killed waiter takes no item', async () => {
  const queue = manager.queue<number>();
  const said = new Queue<number>();
  const waiter = new Process({
    target: async (q: typeof queue, s: typeof said) => {
      s.putSync(1);
      await q.get();
    },
    args: [queue, said],
    daemon: true,
  });
  waiter.start();
  await said.get();
  await slay(waiter);
  await queue.put(7);
  assert.equal(await queue.get(), 7);
});
