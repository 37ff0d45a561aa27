import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Process, setSpareProcesses } from 'multiproc';
import { watched } from '../watchdog.ts';
import { childrenOf, runs, until } from './program.ts';

afterEach(() => setSpareProcesses(2));

const spares = () => childrenOf(process.pid).filter(runs);

async function run(): Promise<number> {
  const p = new Process({ target: () => {} });
  p.start();
  await watched(p.join());
  assert.equal(p.exitCode, 0);
  return p.pid as number;
}

test('a program that starts processes together, and none after them, has no spares', async () => {
  const all = Array.from({ length: 3 }, () => new Process({ target: () => {} }));
  for (const p of all) p.start();
  for (const p of all) await watched(p.join());
  // As long as a start after them would wait for its spares.
  await setTimeout(300);
  assert.deepEqual(spares(), []);
});

test('a start is served by a spare, and another takes its place', async () => {
  await run();
  await run();
  await until(() => spares().length === 2);
  const [first] = spares();
  assert.equal(await run(), first);
  await until(() => spares().length === 2);
});

test('as many spares are kept as were asked for, from then on', async () => {
  await run();
  setSpareProcesses(3);
  await until(() => spares().length === 3);
  setSpareProcesses(1);
  await until(() => spares().length === 1);
  setSpareProcesses(0);
  await until(() => spares().length === 0);
  await run();
  assert.deepEqual(spares(), []);
});

test('a number of spares that makes no sense is refused', () => {
  for (const n of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => setSpareProcesses(n), RangeError);
  }
  assert.throws(() => setSpareProcesses('2' as never), TypeError);
});

test('a killed spare is replaced, and no start notices', async () => {
  await run();
  await until(() => spares().length === 2);
  const killed = spares();
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  await until(() => spares().length === 0);
  assert.ok(!killed.includes(await run()));
  await until(() => spares().length === 2);
});

test('processes with an environment of their own are not served by a spare, nor are detached ones', async () => {
  await run();
  await until(() => spares().length === 2);
  const kept = spares();
  for (const options of [{ env: { A: '1' } }, { detached: true }]) {
    const p = new Process({ target: () => {}, ...options });
    p.start();
    assert.ok(!kept.includes(p.pid as number));
    await watched(p.join());
  }
  assert.deepEqual(spares(), kept);
});
