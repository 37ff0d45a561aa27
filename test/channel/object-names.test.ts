import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  getContext,
  JoinableQueue,
  Lock,
  Process,
  Queue,
  RLock,
  Semaphore,
  SharedArray,
  SharedValue,
  SimpleQueue,
} from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';

/** Makes an object of each class with these options. */
const makers = {
  Queue: (o?: { name?: string }) => new Queue(4, o),
  JoinableQueue: (o?: { name?: string }) => new JoinableQueue(4, o),
  SimpleQueue: (o?: { name?: string }) => new SimpleQueue(o),
  Lock: (o?: { name?: string }) => new Lock(o),
  RLock: (o?: { name?: string }) => new RLock(o),
  Semaphore: (o?: { name?: string }) => new Semaphore(1, o),
  BoundedSemaphore: (o?: { name?: string }) => new BoundedSemaphore(1, o),
  Condition: (o?: { name?: string }) => new Condition(undefined, o),
  Event: (o?: { name?: string }) => new Event(o),
  Barrier: (o?: { name?: string }) => new Barrier(2, { timeout: 5, ...o }),
  SharedValue: (o?: { name?: string }) => new SharedValue('int32', 1, o),
  SharedArray: (o?: { name?: string }) => new SharedArray('int8', 1, { lock: false, ...o }),
};

for (const [kind, make] of Object.entries(makers)) {
  test(`the name of an object is seen here, in a process and in a thread: ${kind}`, async () => {
    const named = make({ name: 'jobs' });
    assert.match(inspect(named), new RegExp(`^${kind} 'jobs' \\(at \\d+ of the family's heap\\)$`));
    for (const context of [getContext('spawn'), getContext('thread')]) {
      const seen = new Queue<string>();
      const p = new Process({ context, target: (o: object) => seen.put(inspect(o)), args: [named] });
      p.start();
      assert.equal(await watched(seen.get()), inspect(named));
      await watched(p.join());
    }
    named.close();
    assert.equal(inspect(named), `${kind} 'jobs' (closed)`);
    assert.match(inspect(make()), new RegExp(`^${kind} \\(at `));
    assert.match(inspect(make({})), new RegExp(`^${kind} \\(at `));
  });

  test(`a name that is no text is refused: ${kind}`, () => {
    for (const name of [5, null]) {
      assert.throws(() => make({ name } as never), { name: 'TypeError', message: /^name must be a string, not / });
    }
  });
}

test('errors show the name of an object', async () => {
  const lock = new Lock({ name: 'printer' });
  lock.acquireSync();
  await assert.rejects(lock.guard({ timeout: 0 }), /^TimeoutError: The Lock 'printer' did not become free/);
  lock.close();
  assert.throws(() => lock.release(), /^ClosedError: This Lock 'printer' is closed/);
});

test('an object that is sent on keeps its name', async () => {
  const [first, second] = [new Queue<Queue<Lock>>(), new Queue<Lock>(0, { name: 'second' })];
  const p = new Process({
    target: async () => {
      const queue = await first.get();
      await queue.put(new Lock({ name: `of ${inspect(queue).slice(0, 14)}` }));
    },
  });
  p.start();
  await first.put(second);
  assert.match(inspect(await watched(second.get())), /^Lock 'of Queue 'second'' \(at/);
  await watched(p.join());
});
