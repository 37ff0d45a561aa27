import assert from 'node:assert/strict';
import { EndOfStreamError, Full, Lock, pipe, Queue, ShutDown, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { heapBytes, holders } from '../inside.ts';

/** Tries `attempt` again and again with a message of a large binary and a shared object: each time it must fail, and leave nothing. */
async function leavesNothing(
  attempt: (message: [Uint8Array, string, Lock]) => Promise<unknown> | undefined,
  refusal: new (...args: never[]) => Error,
): Promise<void> {
  const lock = new Lock();
  const message: [Uint8Array, string, Lock] = [new Uint8Array(2 ** 20), 'x'.repeat(40_000), lock];
  const reject = () => assert.rejects(async () => attempt(message), refusal);
  for (let i = 0; i < 5; i++) await reject();
  const [memory, held] = [heapBytes(), holders(lock)];
  for (let i = 0; i < 50; i++) await reject();
  assert.equal(holders(lock), held);
  assert.ok(heapBytes() - memory < 2 ** 20, `${heapBytes() - memory} bytes more`);
}

test('sends to an end that is gone leave nothing behind', async () => {
  const [here, there] = pipe();
  there.close();
  await leavesNothing((message) => here.send(message), EndOfStreamError);
  await leavesNothing((message) => here.send(message, { timeout: 1000 }), EndOfStreamError);
  await leavesNothing((message) => here.sendSync(message) as undefined, EndOfStreamError);
  await leavesNothing(([bytes]) => here.sendBytes(bytes), EndOfStreamError);
  await leavesNothing(([bytes]) => here.sendBytesSync(bytes) as undefined, EndOfStreamError);
});

test('sends that find no room in time, or are aborted, leave nothing behind', async () => {
  const [here, _there] = pipe();
  while (
    await here.send(0, { timeout: 0 }).then(
      () => true,
      () => false,
    )
  );
  await leavesNothing((message) => here.send(message, { timeout: 0 }), TimeoutError);
  await leavesNothing((message) => here.sendSync(message, { timeout: 1 }) as undefined, TimeoutError);
  await leavesNothing((message) => {
    const abort = new AbortController();
    const sent = here.send(message, { signal: abort.signal });
    abort.abort(new Full());
    return sent;
  }, Full);
});

test('puts that find no place in time, are aborted, or come too late leave nothing behind', async () => {
  const queue = new Queue<unknown>(1);
  queue.putSync(0);
  await leavesNothing((message) => queue.put(message, { timeout: 1 }), Full);
  await leavesNothing((message) => queue.putSync(message, { timeout: 0 }) as undefined, Full);
  await leavesNothing((message) => {
    const abort = new AbortController();
    const put = queue.put(message, { signal: abort.signal });
    abort.abort(new TimeoutError('aborted'));
    return put;
  }, TimeoutError);
  queue.shutdown();
  await leavesNothing((message) => queue.put(message), ShutDown);
  await leavesNothing((message) => queue.put(message, { timeout: 1000 }), ShutDown);
  await leavesNothing((message) => queue.putSync(message) as undefined, ShutDown);
});
