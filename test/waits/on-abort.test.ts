import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { after, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Barrier, Condition, Event, JoinableQueue, Lock, Pool, pipe, Queue, Semaphore } from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import { Queue as LocalQueue } from 'multiproc/queue';
import { slay, start, until } from '../inside.ts';

const idle = start((q: Queue<number>) => void q.getSync(), new Queue<number>());
const manager = new Manager();
const pool = new Pool(1);
const listener = new Listener({ address: '127.0.0.1:0' });
const ends = await Promise.all([listener.accept(), connect(listener.address)]);
after(async () => {
  listener.close();
  for (const each of [...ends, end, otherEnd]) each.close();
  await pool.terminate();
  await manager.shutdown();
  await slay(idle);
});

const held = <L extends Lock | Semaphore>(lock: L): L => {
  lock.acquireSync();
  return lock;
};
const joinable = new JoinableQueue<number>();
joinable.putSync(1);
const full = new Queue<number>(1);
full.putSync(1);
const condition = new Condition(new Lock());
const [queue, lock, semaphore] = [new Queue<number>(), held(new Lock()), held(new Semaphore())];
const [event, barrier, local, shared] = [new Event(), new Barrier(20), new LocalQueue<number>(), manager.queue()];
// Both ends are kept: an end that nobody holds is collected, and then the other one has nothing to wait for.
const [end, otherEnd] = pipe();
/** Everything that waits until a signal says that it is enough. */
const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  'get of a queue': (signal) => queue.get({ signal }),
  'put into a full queue': (signal) => full.put(2, { signal }),
  'get with producers': (signal) => queue.get({ producers: [idle.sentinel], signal }),
  'join of a queue': (signal) => joinable.join({ signal }),
  'get of a queue in one process': (signal) => local.get({ signal }),
  'acquire of a lock': (signal) => lock.acquire({ signal }),
  'acquire of a semaphore': (signal) => semaphore.acquire({ signal }),
  'wait for an event': (signal) => event.wait({ signal }),
  'wait for a condition': (signal) => condition.acquire().then(() => condition.wait({ signal }).finally(release)),
  'wait at a barrier': (signal) => barrier.wait({ signal }),
  'join of a process': (signal) => idle.join({ signal }),
  'recv of a pipe': (signal) => end.recv({ signal }),
  'recv of a socket': (signal) => ends[0].recv({ signal }),
  'wait()': (signal) => wait([queue, idle.sentinel], { signal }),
  'a task': (signal) => pool.apply(() => new Promise(() => setInterval(() => {}, 1000)), [], { signal }),
  'a call of a manager': (signal) => shared.get({ signal }),
};
const release = (): void => condition.release();

describe('a signal of many waits', () => {
  for (const [name, begin] of Object.entries(waits)) {
    test(`a signal of many waits is listened to once, and by nobody afterwards: ${name}`, async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const warned = new AbortController();
      const warning = once(process, 'warning', warned).then(([text]) => assert.fail(text));
      const all = Promise.allSettled(Array.from({ length: 12 }, () => begin(signal)));
      const listeners = () => getEventListeners(signal, 'abort').length;
      await until(() => listeners() > 0);
      // Some come later: they need the lock of the condition first, or an answer.
      for (let i = 0; i < 60; i++) await setImmediate();
      const most = listeners();
      const reason = new Error('enough');
      controller.abort(reason);
      for (const settled of await all) assert.equal(settled.status === 'rejected' && settled.reason, reason);
      assert.equal(most, 1);
      assert.equal(listeners(), 0);
      warned.abort();
      await assert.rejects(warning, { name: 'AbortError' });
    });
  }
});
