// How many tasks of a job a host notes as started before they run: each of them is lost with the host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tasksAhead, togetherOf } from '#dist/cluster/agent/claim.js';

test('the tasks of 2 ms are noted ahead, 128 at most, and one of longer or unknown ones', () => {
  assert.deepEqual([0, 50, 2, 1, 0.1, 0.02, 0.001].map(tasksAhead), [1, 1, 1, 2, 20, 100, 128]);
});

test('one step notes a whole job that may be ahead at once, and half of what may be ahead of a larger one', () => {
  assert.equal(togetherOf(128, tasksAhead(0.01)), 128);
  assert.equal(togetherOf(100, tasksAhead(0.02)), 100);
  assert.equal(togetherOf(128, tasksAhead(0.02)), 50);
  assert.equal(togetherOf(128, tasksAhead(20)), 1);
  assert.equal(togetherOf(1, tasksAhead(0)), 1);
});
