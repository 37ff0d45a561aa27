import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Lock, Queue, SerializationError } from 'multiproc';

const words = /^Queue objects should only be shared between processes through inheritance/;
const refused = (error: unknown) => error instanceof SerializationError && words.test(error.message);

test("a queue for a thread outside of the family is refused with Python's words, and goes on", () => {
  const q = new Queue<number>();
  assert.throws(() => new Worker('', { eval: true, workerData: { q } }), refused);
  assert.throws(() => structuredClone(q), refused);
  assert.throws(() => JSON.stringify({ q }), refused);
  q.putNowait(1);
  assert.equal(q.getNowait(), 1);
});

test("a queue for a process outside of the family is refused with Python's words", () => {
  const child = fork('-e', [''], { execArgv: [], serialization: 'advanced', stdio: 'ignore' });
  assert.throws(() => child.send({ q: new Queue() }), refused);
  child.kill();
});

test('a lock says its own name', () => {
  assert.throws(() => structuredClone([new Lock()]), /^SerializationError: Lock objects should only be shared/);
});

test('looking at a shared object is no sending', () => {
  assert.match(inspect({ q: new Queue() }), /Queue \(at \d+/);
});
