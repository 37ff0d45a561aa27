import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, run } from './program.ts';

test('two hundred processes at once all do their work, and leave nothing behind', async () => {
  const { stdout, stderr } = await run(fixture('burst'), { args: ['200'], patience: 300 });
  assert.equal(stdout, '200 answers, exit codes 0, left: descriptors 0, mappings 0, members 1\n', stderr);
});

test('a tree of processes four deep hands its exit codes up', async () => {
  const { stdout, code } = await run(fixture('tree'));
  assert.equal(stdout, '15 processes\n');
  assert.equal(code, 15);
});

test('rounds of starts and ends of every kind leave descriptors, mappings, slots and processes as they were', async () => {
  const { stdout, stderr } = await run(fixture('rounds'), {
    args: [process.env.TEST_LONG ? '200' : '12'],
    patience: 300,
  });
  assert.equal(stdout, 'left: descriptors 0, mappings 0, members 1\n', stderr);
});
