import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from 'multiproc';
import { type Attempt, NOT_YET } from '#dist/waits/attempt.js';

process.env.MULTIPROC_POLLING = 'off';
const { Spinner } = await import('#dist/sync/spinner.js');
const { Pollers } = await import('#dist/pool/polling.js');

test('with MULTIPROC_POLLING=off a wait does not spin before it sleeps', () => {
  let tries = 0;
  const attempt: Attempt<never> = () => {
    tries++;
    return NOT_YET;
  };
  for (let i = 0; i < 100; i++) assert.equal(new Spinner().spin(attempt, i % 2 === 0), NOT_YET);
  assert.equal(tries, 0);
});

test('with MULTIPROC_POLLING=off no worker announces that it polls, so the owner wakes one for each task', () => {
  const words = new Int32Array(16);
  const pollers = new Pollers(words, 0, 1);
  assert.equal(pollers.announce(), false);
  assert.equal(pollers.any, false);
});

test('with MULTIPROC_POLLING=off a pool runs tasks one at a time and many at once', async () => {
  await using pool = new Pool(2);
  const double = (n: number) => 2 * n;
  for (let i = 0; i < 200; i++) assert.equal(await pool.apply(double, [i]), 2 * i);
  const many = Array.from({ length: 2000 }, (_, i) => i);
  assert.deepEqual(await pool.map(double, many, { chunksize: 1 }), many.map(double));
});
