// What a host tells the server of the tasks of a job in one step: which start, before they run, and which have ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Claim, statesIn, tasksAhead, togetherOf } from '#dist/cluster/agent/claim.js';
import { rangesOf } from '#dist/cluster/agent/results.js';

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

test('a verdict of the server is followed by the number of tasks that have it', () => {
  const reply = ['RUN', 'j1-6-2', '', 0, 's1 1', 3, 'd', 1, 's2 4', 1, 'lanother', 1] as unknown as Parameters<
    typeof statesIn
  >[0];
  const first = { attempt: 1, count: 1 };
  const states = [first, first, first, 'd', { attempt: 2, count: 4 }, 'lanother'];
  assert.deepEqual(statesIn(reply), states);
  const claim = new Claim('token', 'j1-6-2', { count: 6, limit: 2 }, 0);
  claim.note(reply);
  assert.deepEqual(claim.ready, [...states.entries()]);
  assert.deepEqual(statesIn([Buffer.from('NONE')]), []);
});

test('tasks that have ended are named in ranges', () => {
  assert.equal(rangesOf([0, 1, 2, 3]), '0-3');
  assert.equal(rangesOf([4, 5, 0, 9, 8]), '4-5 0-0 9-9 8-8');
  assert.equal(rangesOf([]), '');
});
