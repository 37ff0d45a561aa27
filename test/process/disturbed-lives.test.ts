// From the first point of a program, or of what it has started, to the last call of that process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ARMED } from '../disturb/armed.ts';
import type { Cell } from '../disturb/cell.ts';
import { forEachOrder } from '../disturb/each-order.ts';
import type { Order } from '../disturb/order.ts';
import { usualWays } from '../disturb/plan.ts';
import { lookAfter } from '../disturb/stopper.ts';
import { type Ended, run } from './program.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs the program; it comes back when all have ended that have its output. */
async function live(kind: string, who: 'ORDER' | typeof ARMED, order: Order, cell: Cell): Promise<Ended> {
  const isOver = order.way === 'stop' ? lookAfter(cell, kind === 'thread') : undefined;
  const ended = await run(here('./fixtures/whole-life.js'), {
    args: [kind],
    execArgv: who === ARMED ? ['--require', here('../../../dist/armed.cjs')] : [],
    env: { [who]: JSON.stringify({ path: cell.path, order }) },
    patience: 40,
  });
  cell.set('over', 1);
  await isOver;
  return ended;
}

const isRefused = ({ way }: Order) => way === 'fail' || way === 'starve';
const DONE = 'said\nended 0, put\n';

for (const [kind, done] of [
  ['spawn', DONE],
  ['server', 'ended 0, [1]\n'],
] as const) {
  test(`disturbed anywhere in its life, a program that founds a family is done or says why not, and leaves nobody behind (${kind})`, async () => {
    const count = await forEachOrder(`a program, ${kind}`, usualWays, async (order, cell) => {
      const { code, signal, stdout, stderr } = await live(kind, ARMED, order, cell);
      if (code === 0 && stdout === done) return;
      if (order.way === 'kill') assert.equal(signal, 'SIGKILL', stdout + stderr);
      else assert.ok(isRefused(order) && /failed ERR_|code: '/.test(stdout + stderr), stdout + stderr);
    });
    assert.ok(count >= 100, `${count} points`);
  });
}

for (const kind of ['spawn', 'thread']) {
  test(`disturbed anywhere in its life, a child does its work or not, and its parent learns of its end (${kind})`, async () => {
    const count = await forEachOrder(kind, usualWays, async (order, cell) => {
      // The limit is that of the whole program, which is not disturbed here.
      if (kind === 'thread' && order.way === 'starve') return;
      const { code, stdout, stderr } = await live(kind, 'ORDER', order, cell);
      assert.equal(code, 0, stdout + stderr);
      if (stdout === DONE) return;
      const exitCode = Number(/ended (-?\d+)/.exec(stdout)?.[1]);
      assert.equal(exitCode, order.way === 'kill' ? -9 : isRefused(order) ? 1 : 0, stdout + stderr);
    });
    assert.ok(count >= 30, `${count} points`);
  });
}

for (const [kind, answer] of [
  ['server', '0, [1]'],
  ['worker', '0, 2,4,6'],
] as const) {
  test(`disturbed anywhere in its life, a ${kind} does what it is asked, or the program gets an error`, async () => {
    const count = await forEachOrder(kind, usualWays, async (order, cell) => {
      const { code, stdout, stderr } = await live(kind, 'ORDER', order, cell);
      assert.equal(code, 0, stdout + stderr);
      if (stdout === `ended ${answer}\n`) return;
      assert.ok(isRefused(order) || order.way === 'kill', stdout + stderr);
      assert.match(stdout, /^failed ERR_\w+\n$/, stderr);
    });
    assert.ok(count >= 30, `${count} points`);
  });
}
