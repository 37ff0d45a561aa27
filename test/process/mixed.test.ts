// What processes and threads share is the same: whatever the one makes works in the other.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  activeChildren,
  Barrier,
  Condition,
  currentProcess,
  Event,
  getContext,
  isMainProcess,
  Lock,
  Pool,
  parentProcess,
  pipe,
  Queue,
  SharedArray,
  type StartMethod,
  ThreadPool,
} from 'multiproc';
import { SharedMemory } from 'multiproc/shared-memory';
import { watchdog } from '../hang.ts';
import { here } from '../here.ts';
import { watched } from '../watchdog.ts';

const TIMEOUT = { timeout: 30_000 };

/** Runs `target` in the way that is asked for, and checks that it ends well. */
async function run<A extends unknown[]>(method: StartMethod, target: (...args: A) => unknown, ...args: A) {
  const p = new (getContext(method).Process)({ target: target as (...args: unknown[]) => unknown, args });
  p.start();
  await watched(p.join());
  assert.equal(p.exitCode, 0);
}

for (const [maker, user] of [
  ['spawn', 'thread'],
  ['thread', 'spawn'],
  ['thread', 'thread'],
] as const) {
  describe(`made in a ${maker}, used in another ${user}`, () => {
    test(`a queue, a lock, a condition, an event, a barrier, an array and a pipe of a ${maker} work in another ${user}`, async () => {
      // The maker lives until the user has done its part, which has all from the maker alone.
      const things = new Queue<object>();
      const make = async (things: Queue<object>) => {
        const made = {
          queue: new Queue<string>(1),
          lock: new Lock(),
          condition: new Condition(),
          event: new Event(),
          barrier: new Barrier(2),
          array: new SharedArray('int32', 4),
        };
        const [mine, yours] = pipe();
        made.lock.acquireSync();
        await things.put({ ...made, yours });
        made.barrier.waitSync(TIMEOUT);
        made.lock.release();
        made.event.waitSync(TIMEOUT);
        if (made.queue.getSync(TIMEOUT) !== 'put by the user') throw new Error('queue');
        made.condition.acquireSync();
        made.array.view[0] = 1;
        made.condition.notifyAll();
        made.condition.waitForSync(() => made.array.view[1] === 2, TIMEOUT);
        made.condition.release();
        if (mine.recvSync(TIMEOUT) !== 'through the pipe') throw new Error('pipe');
        mine.sendSync('and back');
        made.barrier.waitSync(TIMEOUT);
      };
      // biome-ignore lint/suspicious/noExplicitAny: all of what `make` has made.
      const use = async (things: Queue<any>) => {
        const { queue, lock, condition, event, barrier, array, yours } = await things.get(TIMEOUT);
        if (lock.tryAcquire()) throw new Error('the lock was free');
        await barrier.wait(TIMEOUT);
        await lock.acquire(TIMEOUT);
        event.set();
        await queue.put('put by the user', TIMEOUT);
        await condition.acquire(TIMEOUT);
        await condition.waitFor(() => array.view[0] === 1, TIMEOUT);
        array.view[1] = 2;
        condition.notify();
        condition.release();
        await yours.send('through the pipe');
        if ((await yours.recv(TIMEOUT)) !== 'and back') throw new Error('pipe');
        await barrier.wait(TIMEOUT);
      };
      using _ = watchdog('all kinds', 60, things);
      await Promise.all([run(maker, make, things), run(user, use, things)]);
    });
  });
}

describe('threads and processes start each other', () => {
  test('threads and processes that start each other know where they are, and who their parents are', async () => {
    const places = new Queue<unknown[]>();
    const tell = (q: Queue<unknown[]>, level: number) => {
      q.putSync([level, process.pid, here(), isMainProcess, currentProcess().name, parentProcess()?.pid]);
    };
    const thread = async (q: Queue<unknown[]>) => {
      tell(q, 1);
      const child = new (getContext('spawn').Process)({ target: process_, args: [q], name: 'inner process' });
      child.start();
      await child.join();
      if (child.exitCode !== 0 || child.pid === process.pid) throw new Error('the process');
    };
    const process_ = async (q: Queue<unknown[]>) => {
      tell(q, 2);
      const child = new (getContext('thread').Process)({ target: tell, args: [q, 3], name: 'inner thread' });
      child.start();
      child.joinSync();
      if (child.exitCode !== 0 || child.pid !== process.pid) throw new Error('the thread');
    };
    const p = new (getContext('thread').Process)({ target: thread, args: [places], name: 'outer thread' });
    p.start();
    await watched(p.join());
    assert.equal(p.exitCode, 0);
    const [outer, inner, innermost] = (await places.getMany(3)) as [number, number, string, boolean, string, number][];
    assert.deepEqual(outer, [1, process.pid, outer![2], false, 'outer thread', process.pid]);
    assert.deepEqual(inner!.slice(3), [false, 'inner process', process.pid]);
    assert.deepEqual(innermost!.slice(3), [false, 'inner thread', inner![1]]);
    assert.notEqual(inner![1], process.pid);
    assert.equal(innermost![1], inner![1]);
    assert.equal(new Set([outer![2], inner![2], innermost![2], here()]).size, 4);
  });

  for (const [outerKind, innerKind] of [
    ['thread', 'thread'],
    ['thread', 'spawn'],
    ['spawn', 'thread'],
  ] as const) {
    test(`a pool of kind ${innerKind} runs tasks in a worker of kind ${outerKind}`, async () => {
      await using outer = new Pool({ processes: 2, context: getContext(outerKind) });
      const square = (x: number) => [here(), x * x] as const;
      const inner = async (xs: number[]) => {
        await using pool = new Pool({ processes: 2, context: getContext(innerKind) });
        return [here(), await pool.map(square, xs, { chunksize: 1 })] as const;
      };
      const answers = await watched(outer.map(inner, [[1, 2], [3], [4, 5, 6]], { chunksize: 1 }));
      assert.deepEqual(
        answers.map(([, results]) => results.map(([, y]) => y)),
        [[1, 4], [9], [16, 25, 36]],
      );
      for (const [place, results] of answers) {
        for (const [where] of results) {
          assert.notEqual(where, place);
          assert.equal(where.split('.')[0] === place.split('.')[0], innerKind === 'thread');
        }
      }
    });
  }
});

test('a pool of threads and a pool of processes share an array and a lock', async () => {
  const array = new SharedArray('float64', 1);
  const lock = new Lock();
  const add = async (n: number) => {
    for (let i = 0; i < n; i++) await lock.with(() => void (array.view[0] = (array.view[0] as number) + 1));
  };
  await using threads = new ThreadPool(2);
  await using processes = new Pool(2);
  await watched(Promise.all([threads, processes].map((pool) => pool.map(add, [50, 50, 50, 50], { chunksize: 1 }))));
  assert.equal(array.view[0], 400);
});

test('named memory that a thread has made belongs to its process, and outlives the thread', async () => {
  const names = new Queue<string>();
  await run(
    'thread',
    (q: Queue<string>) => {
      const memory = SharedMemory.create({ size: 8 });
      memory.buffer[0] = 7;
      q.putSync(memory.name);
      memory.close();
    },
    names,
  );
  using memory = SharedMemory.attach(await names.get());
  assert.equal(memory.buffer[0], 7);
  memory.unlink();
});

test('what a thread sets for itself stays there: variables, arguments, exit code, its name', async () => {
  const child = new (getContext('thread').Process)({
    target: () => {
      process.env.MULTIPROC_TEST = 'in the thread';
      process.argv.push('more');
      process.exitCode = 4;
    },
    env: { MULTIPROC_OTHER: 'given' },
  });
  child.start();
  await watched(child.join());
  assert.equal(child.exitCode, 4);
  assert.deepEqual([process.env.MULTIPROC_TEST, process.env.MULTIPROC_OTHER], [undefined, undefined]);
  assert.equal(process.argv.includes('more'), false);
  assert.deepEqual(activeChildren(), []);
});
