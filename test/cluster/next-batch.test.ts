// Which of the waiting tasks go together in the next job.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog } from '#dist/cluster/tasks/backlog.js';
import type { DeskTask, TaskOrder } from '#dist/cluster/tasks/desk-task.js';
import { nextBatch } from '#dist/cluster/tasks/next-batch.js';

/** The numbers of tasks of the jobs that `count` alike tasks make for two slots, if each runs for `ms` milliseconds. */
function batchesOf(count: number, ms: number | undefined, bytes = 10): number[] {
  const backlog = new Backlog<DeskTask>();
  const input = new Uint8Array(bytes);
  for (let id = 1; id <= count; id++) {
    const order = { id, retries: 0, input } as unknown as TaskOrder;
    backlog.add({ order, priority: 0, tried: 0 } as DeskTask);
  }
  const sizes: number[] = [];
  while (backlog.size > 0) sizes.push(nextBatch(backlog, 2, ms).length);
  return sizes;
}

test('very short tasks go in jobs of 2 ms, not in many small ones when few wait', () => {
  assert.deepEqual(batchesOf(250, 0.02), [100, 100, 50]);
  assert.deepEqual(batchesOf(256, 0.001), [128, 128]);
});

test('longer tasks spread over the slots, the more evenly the fewer wait', () => {
  assert.deepEqual(batchesOf(10, 5), [2, 1, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(batchesOf(64, 100), Array(64).fill(1));
  // 20 ms at most.
  assert.equal(batchesOf(1000, 1)[0], 20);
});

test('tasks of an unknown length go alone, and a job has 64 KiB of inputs at most', () => {
  assert.deepEqual(batchesOf(3, undefined), [1, 1, 1]);
  assert.deepEqual(batchesOf(8, 0.02, 30_000), [2, 2, 2, 2]);
});
