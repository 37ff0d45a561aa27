import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_TIMER, pause, within } from '#dist/waits/timer.js';

test('within() resolves to undefined when the time is over, and to the result of work that is quicker', async () => {
  assert.equal(await within(1, new Promise(() => {})), undefined);
  assert.equal(await within(10_000, Promise.resolve(7)), 7);
  await assert.rejects(within(10_000, Promise.reject(new Error('broken'))), /broken/);
});

test('within() waits for its work if the time is longer than a timer of Node can run', async () => {
  const work = pause(20).then(() => 7);
  assert.equal(await within(LONGEST_TIMER + 1, work), 7);
});
