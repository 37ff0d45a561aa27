import assert from 'node:assert/strict';
import { currentProcess, getContext, Process, Queue, SerializationError } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';

test('a process that has not started is sent only by its own start(): elsewhere nobody would want to become it', async () => {
  const waiting = new Process({ target: () => 1, name: 'waiting' });
  const queue = new Queue<unknown>();
  await assert.rejects(queue.put({ waiting }), (error: SerializationError) => {
    assert.match(error.message, /^Cannot send item\.waiting: a Process that has not started is sent only by/);
    return error instanceof SerializationError;
  });
  assert.equal(queue.qsize(), 0);
  const other = new Process({ target: () => waiting.name });
  assert.throws(() => other.start(), SerializationError);
  assert.equal(currentProcess().name, 'MainProcess');
});

test('the target of a process may use the process itself', async () => {
  const seen = new Queue<unknown>();
  for (const context of [getContext('spawn'), getContext('thread')]) {
    const own: Process = new Process({
      context,
      name: 'own',
      target: () => seen.put([own.name, own === currentProcess()]),
    });
    own.start();
    assert.deepEqual(await watched(seen.get()), ['own', true]);
    await watched(own.join());
  }
});
