import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Empty, Event, JoinableQueue, Lock, pipe, Queue, RLock, Semaphore } from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';

const TIMEOUT = { timeout: 30_000 };
const AT_ONCE = { timeout: 0 };
const ROUNDS = 100;

const full = new Queue<number>();
const empty = new Queue<number>();
const [a, b] = pipe();
const listener = new Listener({ address: '127.0.0.1:0' });
const [near, far] = await Promise.all([listener.accept(), connect(listener.address)]);
after(() => {
  for (const each of [listener, near, far]) each.close();
});
for (let i = 0; i <= ROUNDS; i++) {
  full.putSync(i);
  b.sendSync(i);
  await far.send(i);
}
await near.poll(TIMEOUT);
const set = new Event();
set.set();
const [lock, rlock, semaphore, joinable] = [new Lock(), new RLock(), new Semaphore(), new JoinableQueue<number>()];

/** What comes true at once. */
const promises: Record<string, () => Promise<unknown>> = {
  'get of a queue': () => full.get(),
  'get of a queue with a time-out': () => full.get(TIMEOUT),
  'get in vain': () => assert.rejects(empty.get(AT_ONCE), Empty),
  'put into a queue': () => full.put(1),
  'put into a queue with a time-out': () => full.put(1, TIMEOUT),
  'join of a queue': () => joinable.join(),
  'acquire of a lock': () => lock.acquire().finally(() => lock.release()),
  'acquire of a lock with a time-out': () => lock.acquire(TIMEOUT).finally(() => lock.release()),
  'acquire of an RLock': () => rlock.acquire().then(() => rlock.release()),
  'acquire of a semaphore': () => semaphore.acquire().finally(() => semaphore.release()),
  'wait for an event': () => set.wait(),
  'wait for an event with a time-out': () => set.wait(TIMEOUT),
  'recv of a pipe': () => a.recv(),
  'poll of a pipe': () => b.poll(AT_ONCE),
  'send to a pipe': () => b.send(1),
  'send to a pipe with a time-out': () => b.send(1, TIMEOUT),
  'poll of a socket': () => near.poll(AT_ONCE),
  'send to a socket': () => far.send(1),
  'wait()': () => wait([full]),
};

describe('a loop over what comes true at once leaves timers their turn', () => {
  for (const [name, promise] of Object.entries(promises)) {
    test(`a loop over what comes true at once leaves timers their turn: ${name}`, async () => {
      let fired = false;
      const timer = setTimeout(() => {
        fired = true;
      }, 1);
      // Each takes its time, as an item does that is large, or work that it means.
      for (let i = 0; i < ROUNDS && !fired; i++) {
        await promise();
        for (const end = performance.now() + 1; performance.now() < end; );
      }
      clearTimeout(timer);
      assert.equal(fired, true);
    });
  }
});
