// A child that is stopped somewhere on its way into the family, whose parent is killed and reclaimed meanwhile, goes on: it is reclaimed, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Process } from 'multiproc';
import { ARMED, disarm } from '../disturb/armed.ts';
import { forEachOrder } from '../disturb/each-order.ts';
import type { Order } from '../disturb/order.ts';
import { isStopped, isWithoutOrphans, slay, start, until } from '../inside.ts';

/** Starts a process that carries out the order from its birth on, and waits for its end. */
function bear(path: string, order: Order): void {
  const env = { [ARMED]: JSON.stringify({ path, order }) };
  const child = new Process({ target: () => disarm(), env });
  child.start();
  child.joinSync();
}

test('stopped anywhere on its way into the family, a process whose parent is killed and reclaimed meanwhile is reclaimed, too', async () => {
  const count = await forEachOrder(
    'orphans',
    ['stop'],
    async (order, cell) => {
      const parent = start(bear, cell.path, order);
      if (order.way === 'count') return parent.join();
      // Stops that are close to each other may be one: the signal takes a moment.
      await until(() => cell.get('reached') >= 1 && isStopped({ pid: cell.get('pid') }));
      await slay(parent);
      // It may stand still once more.
      await until(() => {
        goOn(cell.get('pid'));
        return isWithoutOrphans();
      });
    },
    'memory/members.ts',
  );
  assert.ok(count >= 20, `${count} points`);
});

function goOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended.
  }
}
