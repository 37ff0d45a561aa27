import { after, describe, test } from 'node:test';
import {
  activeChildren,
  Barrier,
  BoundedSemaphore,
  ClosedError,
  Condition,
  Event,
  getContext,
  JoinableQueue,
  Lock,
  Pool,
  Process,
  pipe,
  Queue,
  RLock,
  registerClass,
  Semaphore,
  SerializationError,
  SharedArray,
  SharedValue,
  SimpleQueue,
  StateError,
  setSpareProcesses,
  setStartMethod,
  ThreadPool,
} from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';
import * as local from 'multiproc/queue';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { watchdog } from './hang.ts';
import { Refusals } from './refusals.ts';

/** Every public call with what makes no sense: each has its error, of the right class, and has changed nothing. */

// biome-ignore lint/suspicious/noExplicitAny: all of it is wrong on purpose.
type Wrong = any;
const wrong = (value: unknown): Wrong => value;

const dog = watchdog('bad input', 300);
after(() => dog[Symbol.dispose]());

describe('processes', () => {
  test('a wrong call of Process is refused, and changes nothing', async () => {
    const noMore = () => activeChildren().length;
    const r = new Refusals(noMore);
    await r.throws(
      TypeError,
      () => new Process(wrong(null)),
      () => new Process(wrong(5)),
      () => new Process(wrong(() => {})),
      () => new Process(wrong('target')),
      () => new Process({ target: wrong(null) }),
      () => new Process({ target: wrong('f') }),
      () => new Process({ args: wrong('abc') }),
      () => new Process({ args: wrong(null) }),
      () => new Process({ args: wrong({ length: 1 }) }),
      () => new Process({ name: wrong(5) }),
      () => new Process({ name: wrong(null) }),
      () => new Process({ env: wrong(null) }),
      () => new Process({ env: wrong('A=1') }),
      () => new Process({ env: wrong({ A: 1 }) }),
      () => new Process({ env: wrong({ A: null }) }),
      () => new Process({ daemon: wrong('yes') }),
      () => new Process({ daemon: wrong(null) }),
      () => new Process({ detached: wrong(1) }),
      () => new Process({ context: wrong('thread') }),
      () => new Process({ context: wrong(null) }),
      () => new Process({ context: wrong({}) }),
      () => new Process(wrong({ kwargs: {} })),
      () => new (getContext('spawn').Process)(wrong(null)),
      () => new (getContext('spawn').Process)(wrong({ group: null })),
    );
    const p = new Process({ name: 'p' });
    const before = new Refusals(() => [p.name, p.daemon, p.pid, p.exitCode, noMore()]);
    await before.throws(
      TypeError,
      () => (p.name = wrong(5)),
      () => (p.name = wrong(undefined)),
      () => (p.daemon = wrong('yes')),
      () => (p.daemon = wrong(undefined)),
    );
    await before.throws(
      StateError,
      () => p.joinSync(),
      () => p.interrupt(),
      () => p.terminate(),
      () => p.kill(),
      () => p.sentinel,
    );
    await before.rejects(StateError, () => p.join());
    const unsendable = new Process({ target: () => {}, args: wrong([process.stdin]) });
    await before.throws(SerializationError, () => unsendable.start());
    before.end();

    const ended = new Process();
    ended.start();
    const running = new Refusals(() => [ended.name, ended.daemon, ended.pid]);
    await running.throws(
      StateError,
      () => ended.start(),
      () => (ended.daemon = true),
    );
    await running.badWaits((options) => ended.join(options));
    await running.badSyncWaits((options) => ended.joinSync(options));
    await ended.join();
    await running.badWaits((options) => ended.join(options), 'join after the end');
    await running.badSyncWaits((options) => ended.joinSync(options), 'joinSync after the end');
    await running.throws(StateError, () => ended.start());
    running.end();
    ended.close();
    ended.close();
    await r.throws(
      ClosedError,
      () => ended.start(),
      () => ended.run(),
      () => ended.joinSync(),
      () => ended.isAlive(),
      () => ended.interrupt(),
      () => ended.terminate(),
      () => ended.kill(),
      () => ended.name,
      () => (ended.name = 'x'),
      () => ended.daemon,
      () => (ended.daemon = true),
      () => ended.pid,
      () => ended.exitCode,
      () => ended.sentinel,
    );
    await r.rejects(ClosedError, () => ended.join());
    r.end();
  });

  test('a wrong call of a function about processes is refused', async () => {
    const r = new Refusals(() => getContext().getStartMethod());
    await r.throws(
      RangeError,
      () => setSpareProcesses(-1),
      () => setSpareProcesses(1.5),
      () => setSpareProcesses(Number.NaN),
    );
    await r.throws(
      TypeError,
      () => setSpareProcesses(wrong('2')),
      () => setSpareProcesses(wrong(undefined)),
      () => setSpareProcesses(wrong(null)),
      () => setStartMethod(wrong(undefined)),
      () => setStartMethod(wrong(null)),
      () => setStartMethod(wrong(5)),
      () => getContext(wrong(null)),
      () => getContext(wrong({})),
    );
    await r.throws(
      RangeError,
      () => setStartMethod(wrong('fork')),
      () => getContext(wrong('forkserver')),
      () => getContext(wrong('toString')),
    );
    r.end();
  });

  test('a wrong call of registerClass is refused', async () => {
    class A {}
    class B {}
    class Hidden {
      #secret = 1;
      get secret() {
        return this.#secret;
      }
    }
    registerClass(A, { name: 'bad-input A' });
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => registerClass(wrong(undefined)),
      () => registerClass(wrong(null)),
      () => registerClass(wrong({})),
      () => registerClass(wrong(() => {})),
      () => registerClass(wrong('A')),
      () => registerClass(B, wrong(null)),
      () => registerClass(B, wrong('B')),
      () => registerClass(B, { name: wrong(5) }),
      () => registerClass(B, { encode: wrong('x') }),
      () => registerClass(B, { decode: wrong(null) }),
      () => registerClass(B, { name: 'bad-input A' }),
      () => registerClass(Hidden),
    );
    r.end();
  });
});

/** The calls of what behaves as a lock. */
async function lockLike(r: Refusals, lock: Wrong): Promise<void> {
  await r.badWaits((options) => lock.acquire(options));
  await r.badWaits((options) => lock.guard(options));
  await r.badSyncWaits((options) => lock.acquireSync(options));
  await r.rejects(
    TypeError,
    () => lock.with(),
    () => lock.with(null),
    () => lock.with('f'),
  );
}

async function closedLockLike(lock: Wrong): Promise<void> {
  lock.close();
  lock.close();
  const r = new Refusals();
  await r.rejects(
    ClosedError,
    () => lock.acquire(),
    () => lock.acquire({ timeout: 0 }),
    () => lock.guard(),
    () => lock.with(() => 1),
  );
  await r.throws(
    ClosedError,
    () => lock.acquireSync(),
    () => lock.acquireSync({ timeout: 0 }),
    () => lock.tryAcquire(),
    () => lock.release(),
    () => lock.locked(),
    () => lock.abandoned,
    () => new Queue().putNowait(lock),
  );
  r.end();
}

describe('locks', () => {
  for (const Class of [Lock, RLock, Semaphore, BoundedSemaphore]) {
    test(Class.name, async () => {
      const lock = new Class();
      const r = new Refusals(() => [lock.locked(), lock.abandoned]);
      await lockLike(r, lock);
      if (Class !== Semaphore) await r.throws(StateError, () => lock.release());
      if (lock instanceof Semaphore) {
        const Semaphores = Class as typeof Semaphore;
        await r.throws(
          RangeError,
          () => new Semaphores(-1),
          () => new Semaphores(0.5),
          () => new Semaphores(Number.NaN),
          () => new Semaphores(Number.POSITIVE_INFINITY),
          () => new Semaphores(2 ** 31),
        );
        await r.throws(
          TypeError,
          () => new Semaphores(wrong('1')),
          () => new Semaphores(wrong(null)),
          () => new Semaphores(wrong(1n)),
        );
      }
      r.end();
      await closedLockLike(lock);
      if (lock instanceof Semaphore) (await new Refusals().throws(ClosedError, () => lock.getValue())).end();
    });
  }

  test('a lock that is held is still held after a wrong call', async () => {
    for (const lock of [new Lock(), new RLock(), new Semaphore(1), new Condition()]) {
      lock.acquireSync();
      const r = new Refusals(() => lock.locked());
      await lockLike(r, lock);
      r.end();
      lock.release();
    }
  });

  test('a wrong call of a Condition is refused', async () => {
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => new Condition(wrong(null)),
      () => new Condition(wrong(5)),
      () => new Condition(wrong({})),
      () => new Condition(wrong(new Semaphore())),
      () => new Condition(wrong(new Event())),
    );
    const gone = new Lock();
    gone.close();
    await r.throws(ClosedError, () => new Condition(gone));
    r.end();
    const condition = new Condition();
    const free = new Refusals(() => condition.locked());
    await lockLike(free, condition);
    await free.rejects(
      StateError,
      () => condition.wait(),
      () => condition.wait({ timeout: 0 }),
      () => condition.waitFor(() => true),
    );
    await free.throws(
      StateError,
      () => condition.waitSync(),
      () => condition.waitForSync(() => true),
      () => condition.notify(),
      () => condition.notifyAll(),
      () => condition.release(),
    );
    free.end();
    condition.acquireSync();
    const held = new Refusals(() => condition.locked());
    await held.badWaits((options) => condition.wait(options));
    await held.badSyncWaits((options) => condition.waitSync(options));
    await held.badWaits((options) => condition.waitFor(() => true, options));
    await held.badSyncWaits((options) => condition.waitForSync(() => true, options));
    await held.rejects(
      TypeError,
      () => condition.waitFor(wrong(undefined)),
      () => condition.waitFor(wrong(true)),
    );
    await held.throws(
      TypeError,
      () => condition.waitForSync(wrong(undefined)),
      () => condition.waitForSync(wrong(true)),
      () => condition.notify(wrong('1')),
      () => condition.notify(wrong(null)),
    );
    await held.throws(
      RangeError,
      () => condition.notify(-1),
      () => condition.notify(0.5),
      () => condition.notify(Number.NaN),
    );
    held.end();
    condition.release();
    await closedLockLike(condition);
    const over = new Refusals();
    await over.rejects(
      ClosedError,
      () => condition.wait(),
      () => condition.waitFor(() => true),
    );
    await over.throws(
      ClosedError,
      () => condition.waitSync(),
      () => condition.waitForSync(() => true),
      () => condition.notify(),
      () => condition.notifyAll(),
    );
    over.end();
  });

  test('a wrong call of an Event is refused', async () => {
    for (const isSet of [false, true]) {
      const event = new Event();
      if (isSet) event.set();
      const r = new Refusals(() => event.isSet());
      await r.badWaits((options) => event.wait(options));
      await r.badSyncWaits((options) => event.waitSync(options));
      event.close();
      event.close();
      const over = new Refusals();
      await over.rejects(
        ClosedError,
        () => event.wait(),
        () => event.wait({ timeout: 0 }),
      );
      await over.throws(
        ClosedError,
        () => event.waitSync(),
        () => event.set(),
        () => event.clear(),
        () => event.isSet(),
      );
      r.end();
      over.end();
    }
  });

  test('a wrong call of a Barrier is refused', async () => {
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => new Barrier(wrong(undefined)),
      () => new Barrier(wrong('2')),
      () => new Barrier(wrong(null)),
      () => new Barrier(2, wrong(null)),
      () => new Barrier(2, wrong(1000)),
      () => new Barrier(2, { timeout: wrong('5') }),
      () => new Barrier(2, { action: wrong(null) }),
      () => new Barrier(2, { action: wrong('f') }),
    );
    await r.throws(
      RangeError,
      () => new Barrier(0),
      () => new Barrier(-1),
      () => new Barrier(1.5),
      () => new Barrier(Number.NaN),
      () => new Barrier(2 ** 40),
      () => new Barrier(2, { timeout: -1 }),
      () => new Barrier(2, { timeout: Number.NaN }),
    );
    r.end();
    const barrier = new Barrier(2);
    const b = new Refusals(() => [barrier.broken, barrier.nWaiting, barrier.parties]);
    await b.badWaits((options) => barrier.wait(options));
    await b.badSyncWaits((options) => barrier.waitSync(options));
    b.end();
    barrier.close();
    barrier.close();
    const over = new Refusals();
    await over.rejects(ClosedError, () => barrier.wait());
    await over.throws(
      ClosedError,
      () => barrier.waitSync(),
      () => barrier.reset(),
      () => barrier.abort(),
      () => barrier.parties,
      () => barrier.nWaiting,
      () => barrier.broken,
    );
    over.end();
  });
});

describe('queues', () => {
  const kinds = {
    Queue,
    JoinableQueue,
    'of one process: Queue': local.Queue,
    LifoQueue: local.LifoQueue,
    PriorityQueue: local.PriorityQueue,
  };
  for (const [name, Kind] of Object.entries(kinds)) {
    const isLocal = Kind.prototype instanceof local.Queue || (Kind as unknown) === local.Queue;
    test(`a wrong call of a queue is refused: ${name}`, async () => {
      const made = new Refusals();
      await made.throws(
        TypeError,
        () => new Kind(wrong('5')),
        () => new Kind(wrong(null)),
        () => new Kind(wrong({})),
        () => new Kind(wrong(5n)),
      );
      await made.throws(RangeError, () => new Kind(Number.NaN));
      made.end();
      for (const fill of [0, 1, 2]) {
        const q: Wrong = new Kind<number>(2);
        for (let i = 0; i < fill; i++) q.putNowait(i);
        const r = new Refusals(() => [q.qsize(), q.empty(), q.full(), q.maxsize]);
        await r.badWaits((options) => q.put(1, options));
        await r.badWaits((options) => q.get(options));
        await r.badWaits((options) => q.putMany([1, 2, 3], options));
        await r.badWaits((options) => q.putMany([], options));
        await r.badWaits((options) => q.getMany(2, options));
        await r.badSyncWaits((options) => q.putSync(1, options));
        await r.badSyncWaits((options) => q.getSync(options));
        await r.rejects(
          TypeError,
          () => q.putMany(),
          () => q.putMany(null),
          () => q.putMany(5),
          () => q.putMany({ length: 1 }),
          () => q.getMany(),
          () => q.getMany(null),
          () => q.getMany('2'),
        );
        await r.rejects(
          RangeError,
          () => q.getMany(0),
          () => q.getMany(-1),
          () => q.getMany(Number.NaN),
        );
        if (!isLocal) {
          for (const producers of [null, 5, [5], [null], [new Process()]]) {
            await r.rejects(TypeError, () => q.get({ producers }));
          }
          await r.rejects(SerializationError, () => q.put(process.stdin));
          await r.throws(
            SerializationError,
            () => q.putSync(process.stdin),
            () => q.putNowait(process.stdin),
          );
        }
        await r.throws(
          TypeError,
          () => q.shutdown(null),
          () => q.shutdown(true),
          () => q.shutdown('immediate'),
        );
        if ('taskDone' in q) {
          await r.badWaits((options) => q.join(options));
          await r.badSyncWaits((options) => q.joinSync(options));
          if (fill === 0) await r.throws(StateError, () => q.taskDone());
        }
        r.end();
        q.close();
        q.close();
        const over = new Refusals();
        await over.rejects(
          ClosedError,
          () => q.put(1),
          () => q.put(1, { timeout: 0 }),
          () => q.get(),
          () => q.get({ timeout: 0 }),
          () => q.putMany([1]),
          () => q.putMany([]),
          () => q.getMany(1),
          () => q[Symbol.asyncIterator]().next(),
        );
        await over.throws(
          ClosedError,
          () => q.putSync(1),
          () => q.getSync(),
          () => q.putNowait(1),
          () => q.getNowait(),
          () => q.qsize(),
          () => q.empty(),
          () => q.full(),
          () => q.shutdown(),
        );
        if ('taskDone' in q) {
          await over.rejects(ClosedError, () => q.join());
          await over.throws(
            ClosedError,
            () => q.joinSync(),
            () => q.taskDone(),
          );
        }
        if (!isLocal)
          await over.throws(
            ClosedError,
            () => q.maxsize,
            () => new Queue().putNowait(q),
          );
        over.end();
      }
    });
  }

  for (const [name, Kind] of Object.entries({ SimpleQueue, 'of one process: SimpleQueue': local.SimpleQueue })) {
    test(`a wrong call of a queue is refused: ${name}`, async () => {
      const q: Wrong = new Kind<number>();
      q.putSync(1);
      const r = new Refusals(() => q.empty());
      await r.badWaits((options) => q.put(1, options));
      await r.badWaits((options) => q.get(options));
      await r.badSyncWaits((options) => q.putSync(1, options));
      await r.badSyncWaits((options) => q.getSync(options));
      r.end();
      q.close();
      q.close();
      const over = new Refusals();
      await over.rejects(
        ClosedError,
        () => q.put(1),
        () => q.get(),
      );
      await over.throws(
        ClosedError,
        () => q.putSync(1),
        () => q.getSync(),
        () => q.empty(),
      );
      over.end();
    });
  }
});

describe('pools', () => {
  for (const [name, Kind] of Object.entries({ Pool, ThreadPool, 'Pool of a context': getContext('spawn').Pool })) {
    test(`a wrong option of a new ${name} is refused`, async () => {
      const r = new Refusals(() => activeChildren().length);
      await r.throws(
        TypeError,
        () => new Kind(wrong(null)),
        () => new Kind(wrong('2')),
        () => new Kind(wrong(() => {})),
        () => new Kind({ processes: wrong('2') }),
        () => new Kind({ processes: wrong(null) }),
        () => new Kind({ initializer: wrong(null) }),
        () => new Kind({ initializer: wrong(5) }),
        () => new Kind({ initargs: wrong(null) }),
        () => new Kind({ initargs: wrong('abc') }),
        () => new Kind({ concurrency: wrong('2') }),
        () => new Kind({ maxTasksPerChild: wrong('2') }),
        () => new Kind({ maxMemoryPerChild: wrong(null) }),
        () => new Kind({ name: wrong(5) }),
        () => new Kind(wrong({ process: 2 })),
      );
      if (Kind !== ThreadPool)
        await r.throws(
          TypeError,
          () => new Kind(wrong({ context: 'thread' })),
          () => new Kind(wrong({ context: null })),
        );
      await r.throws(
        RangeError,
        () => new Kind(0),
        () => new Kind(-1),
        () => new Kind(1.5),
        () => new Kind(Number.NaN),
        () => new Kind(Number.POSITIVE_INFINITY),
        () => new Kind({ concurrency: 0 }),
        () => new Kind({ maxTasksPerChild: 0 }),
        () => new Kind({ maxTasksPerChild: -1 }),
        () => new Kind({ maxMemoryPerChild: 0 }),
        () => new Kind({ maxMemoryPerChild: Number.NaN }),
      );
      r.end();
    });
  }

  const f = (x: number) => x;
  test('a wrong call for a task is refused', async () => {
    const pool: Wrong = new Pool(1);
    const r = new Refusals(() => pool.stats());
    const badTask = async (call: (options: Wrong) => unknown, shown: string, how: 'rejects' | 'throws') => {
      if (how === 'rejects') await r.badWaits(call, shown);
      else await r.badSyncWaits(call, shown);
      for (const retries of [-1, 0.5, Number.NaN]) await r[how](RangeError, () => call({ retries }));
      for (const priority of [Number.NaN]) await r[how](RangeError, () => call({ priority }));
      for (const bad of ['1', null, 5n]) {
        await r[how](
          TypeError,
          () => call({ retries: bad }),
          () => call({ priority: bad }),
        );
      }
      await r[how](
        TypeError,
        () => call({ signal: null }),
        () => call({ signal: {} }),
      );
    };
    await badTask((options) => pool.apply(f, [1], options), 'apply', 'rejects');
    await badTask((options) => pool.applyAsync(f, [1], options), 'applyAsync', 'throws');
    await badTask((options) => pool.applySync(f, [1], options), 'applySync', 'throws');
    await badTask((options) => pool.wrap(f, options), 'wrap', 'throws');
    for (const call of ['apply', 'map', 'starmap', 'mapChunks'] as const) {
      await r.rejects(
        TypeError,
        () => pool[call](),
        () => pool[call](null, []),
        () => pool[call]('f', []),
        () => pool[call]({}, []),
      );
    }
    for (const call of [
      'applyAsync',
      'applySync',
      'mapSync',
      'mapAsync',
      'starmapAsync',
      'imap',
      'imapUnordered',
      'wrap',
    ] as const) {
      await r.throws(
        TypeError,
        () => pool[call](),
        () => pool[call](null, []),
        () => pool[call]('f', []),
        () => pool[call]({}, []),
      );
    }
    await r.rejects(
      TypeError,
      () => pool.apply(f, 5),
      () => pool.apply(f, null),
      () => pool.apply(f, 'abc'),
      () => pool.apply(f, {}),
    );
    await r.throws(
      TypeError,
      () => pool.applyAsync(f, 5),
      () => pool.applyAsync(f, null),
      () => pool.applySync(f, 5),
      () => pool.applySync(f, null),
      () => pool.applyAsync(f, [1], { callback: 5 }),
      () => pool.applyAsync(f, [1], { errorCallback: null }),
      () => pool.mapAsync(f, [1], { callback: 'f' }),
      () => pool.mapAsync(f, [1], { errorCallback: {} }),
    );
    for (const [call, how] of [
      ['map', 'rejects'],
      ['starmap', 'rejects'],
      ['mapChunks', 'rejects'],
      ['mapAsync', 'throws'],
      ['starmapAsync', 'throws'],
      ['mapSync', 'throws'],
      ['imap', 'throws'],
      ['imapUnordered', 'throws'],
    ] as const) {
      await badTask((options) => pool[call](f, [[1]], options), call, how);
      for (const chunksize of [0, -1, 0.5, Number.NaN])
        await r[how](RangeError, () => pool[call](f, [[1]], { chunksize }));
      for (const bad of ['1', null]) await r[how](TypeError, () => pool[call](f, [[1]], { chunksize: bad }));
      await r[how](
        TypeError,
        () => pool[call](f, [[1]], { onProgress: 5 }),
        () => pool[call](f, [[1]], { onProgress: null }),
      );
      if (!call.endsWith('Async'))
        await r[how](
          TypeError,
          () => pool[call](f),
          () => pool[call](f, null),
          () => pool[call](f, 5),
          () => pool[call](f, { length: 1 }),
        );
      if (call.startsWith('imap')) {
        for (const buffersize of [0, -1, 0.5, Number.NaN])
          await r.throws(RangeError, () => pool[call](f, [1], { buffersize }));
        await r.throws(
          TypeError,
          () => pool[call](f, [1], { buffersize: '4' }),
          () => pool[call](f, [1], { buffersize: null }),
        );
      }
    }
    await r.rejects(StateError, () => pool.join());
    r.end();
    const result = pool.applyAsync(f, [3]);
    const waits = new Refusals();
    await waits.badWaits((options) => result.get(options));
    await waits.badWaits((options) => result.wait(options));
    waits.end();
    await result;
    const done = new Refusals(() => [result.ready(), result.successful()]);
    await done.badWaits((options) => result.get(options), 'get of what is done');
    await done.badWaits((options) => result.wait(options), 'wait for what is done');
    done.end();
    pool.close();
    await new Refusals().badWaits((options) => pool.join(options));
    await pool.join();
    const over = new Refusals(() => pool.stats());
    await over.badWaits((options) => pool.join(options), 'join of a pool that has ended');
    for (const call of ['apply', 'map', 'starmap', 'mapChunks'] as const)
      await over.rejects(ClosedError, () => pool[call](f, []));
    for (const call of [
      'applyAsync',
      'applySync',
      'mapSync',
      'mapAsync',
      'starmapAsync',
      'imap',
      'imapUnordered',
    ] as const) {
      await over.throws(ClosedError, () => pool[call](f, []));
    }
    over.end();
  });
});

describe('shared values and memory', () => {
  test('a wrong call of a SharedValue is refused', async () => {
    const made = new Refusals();
    const gone = new Lock();
    gone.close();
    await made.throws(
      TypeError,
      () => new SharedValue(wrong(undefined)),
      () => new SharedValue(wrong('i')),
      () => new SharedValue(wrong('toString')),
      () => new SharedValue(wrong(null)),
      () => new SharedValue('int32', wrong('5')),
      () => new SharedValue('int32', wrong(null)),
      () => new SharedValue('int32', wrong(5n)),
      () => new SharedValue('bigint64', wrong(5)),
      () => new SharedValue('float64', wrong('x')),
      () => new SharedValue('int32', 0, wrong(null)),
      () => new SharedValue('int32', 0, wrong(false)),
      () => new SharedValue('int32', 0, { lock: wrong(null) }),
      () => new SharedValue('int32', 0, { lock: wrong('no') }),
      () => new SharedValue('int32', 0, { lock: wrong(new Semaphore()) }),
    );
    await made.throws(
      RangeError,
      () => new SharedValue('int8', 128),
      () => new SharedValue('uint8', -1),
      () => new SharedValue('int32', 0.5),
      () => new SharedValue('int32', Number.NaN),
      () => new SharedValue('uint32', 2 ** 32),
      () => new SharedValue('bigint64', 2n ** 63n),
      () => new SharedValue('float32', 1e300),
    );
    await made.throws(ClosedError, () => new SharedValue('int32', 0, { lock: gone }));
    made.end();
    const v: Wrong = new SharedValue('int8', 5);
    const r = new Refusals(() => v.value);
    await r.throws(
      RangeError,
      () => (v.value = 128),
      () => (v.value = 0.5),
      () => (v.value = Number.NaN),
      () => v.add(200),
      () => v.add(0.5),
      () => v.add(Number.NaN),
    );
    await r.throws(
      TypeError,
      () => (v.value = '5'),
      () => (v.value = null),
      () => (v.value = undefined),
      () => v.add(),
      () => v.add('1'),
      () => v.add(1n),
    );
    const float: Wrong = new SharedValue('float64', 1, { lock: false });
    await r.throws(TypeError, () => float.add(1));
    await r.throws(StateError, () => float.getLock());
    r.end();
    v.close();
    v.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => v.value,
      () => (v.value = 1),
      () => v.add(1),
      () => v.getLock(),
    );
    over.end();
  });

  test('a wrong call of a SharedArray is refused', async () => {
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new SharedArray(wrong(undefined), 1),
      () => new SharedArray(wrong('d'), 1),
      () => new SharedArray('int32', wrong(undefined)),
      () => new SharedArray('int32', wrong(null)),
      () => new SharedArray('int32', wrong({ length: 3 })),
      () => new SharedArray('int32', wrong(['1'])),
      () => new SharedArray('int32', wrong([1, null])),
      () => new SharedArray('int32', wrong('123')),
      () => new SharedArray('bigint64', wrong([1])),
      () => new SharedArray('int32', wrong(3n)),
      () => new SharedArray('int32', 1, wrong(null)),
      () => new SharedArray('int32', 1, { lock: wrong(1) }),
    );
    await made.throws(
      RangeError,
      () => new SharedArray('int32', -1),
      () => new SharedArray('int32', 1.5),
      () => new SharedArray('int32', Number.NaN),
      () => new SharedArray('int32', Number.POSITIVE_INFINITY),
      () => new SharedArray('int32', 2 ** 40),
      () => new SharedArray('int8', [1, 128]),
      () => new SharedArray('uint8', [0.5]),
    );
    made.end();
    const a = new SharedArray('int32', [1, 2]);
    a.close();
    a.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => a.view,
      () => a.length,
      () => a.getLock(),
      () => [...a],
      () => new SharedArray('int32', a),
    );
    over.end();
  });

  test('a wrong call of a SharedMemory is refused', async () => {
    const made = new Refusals();
    const C: Wrong = SharedMemory;
    await made.throws(
      TypeError,
      () => C.create(),
      () => C.create(null),
      () => C.create(100),
      () => C.create({}),
      () => C.create({ size: '5' }),
      () => C.create({ size: 5n }),
      () => C.create({ size: 5, name: 5 }),
      () => C.create({ size: 5, name: null }),
      () => C.create({ size: 5, persist: 'yes' }),
      () => C.attach(),
      () => C.attach(null),
      () => C.attach({ name: 'x' }),
      () => new C({ size: 5 }),
      () => new C(),
    );
    await made.throws(
      RangeError,
      () => C.create({ size: 0 }),
      () => C.create({ size: -1 }),
      () => C.create({ size: 0.5 }),
      () => C.create({ size: Number.NaN }),
      () => C.create({ size: 2 ** 60 }),
      () => C.create({ size: 5, name: '' }),
      () => C.create({ size: 5, name: '..' }),
      () => C.create({ size: 5, name: 'a/b' }),
      () => C.create({ size: 5, name: 'a'.repeat(256) }),
      () => C.attach(''),
      () => C.attach('../etc'),
    );
    const memory = SharedMemory.create({ size: 5 });
    await made.throws(
      StateError,
      () => C.attach('there-is-no-such-segment'),
      () => C.create({ size: 5, name: memory.name }),
    );
    made.end();
    memory.close();
    memory.close();
    const over = new Refusals(() => memory.name);
    await over.throws(
      ClosedError,
      () => memory.buffer,
      () => memory.size,
      () => new Queue().putNowait(memory),
    );
    memory.unlink();
    await over.throws(StateError, () => memory.unlink());
    over.end();
  });

  test('a wrong call of a ShareableList is refused', async () => {
    const C: Wrong = ShareableList;
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new C(),
      () => new C(null),
      () => new C(5),
      () => new C({ length: 1 }),
      () => new C([{}]),
      () => new C([undefined]),
      () => new C([[1]]),
      () => new C([1], null),
      () => new C([1], 'name'),
      () => new C([1], { name: 5 }),
      () => new C(undefined, { name: null }),
      () => C.attach(),
      () => C.attach(null),
    );
    await made.throws(
      RangeError,
      () => new C([2n ** 64n]),
      () => new C([1], { name: 'a/b' }),
      () => C.attach('a/b'),
    );
    await made.throws(StateError, () => C.attach('there-is-no-such-list'));
    made.end();
    const list: Wrong = new ShareableList([1, 'two', null]);
    const r = new Refusals(() => [...list]);
    await r.throws(
      TypeError,
      () => list.at('0'),
      () => list.at(),
      () => list.at(null),
      () => list.set(0, {}),
      () => list.set(0, undefined),
      () => list.set('0', 1),
    );
    await r.throws(
      RangeError,
      () => list.at(3),
      () => list.at(-4),
      () => list.at(0.5),
      () => list.at(Number.NaN),
      () => list.set(3, 1),
      () => list.set(1, 'far too long for its place'),
      () => list.index('three'),
    );
    await r.throws(TypeError, () => (list[3] = 1));
    r.end();
    list.shm.unlink();
    list.close();
    list.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => list.length,
      () => list[0],
      () => list.at(0),
      () => list.set(0, 1),
      () => (list[0] = 1),
      () => list.count(1),
      () => list.index(1),
      () => list.format,
      () => [...list],
    );
    over.end();
  });
});

describe('connections', () => {
  test('a wrong call of pipe, or of an end of one, is refused', async () => {
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => pipe(wrong(null)),
      () => pipe(wrong(true)),
      () => pipe({ duplex: wrong('no') }),
      () => pipe({ duplex: wrong(null) }),
    );
    made.end();
    const [a, b]: Wrong[] = pipe();
    const [reader, writer]: Wrong[] = pipe({ duplex: false });
    b.sendSync('kept');
    const bytes = new Uint8Array(4);
    const r = new Refusals(() => [a.pollSync(), a.readable, a.writable, b.pollSync()]);
    await callsOfAConnection(r, a);
    await r.rejects(SerializationError, () => a.send(process.stdin));
    await r.throws(SerializationError, () => a.sendSync(process.stdin));
    await r.rejects(
      StateError,
      () => reader.send(1),
      () => reader.sendBytes(bytes),
      () => writer.recv(),
      () => writer.recvBytes(),
      () => writer.recvBytesInto(bytes),
      () => writer.poll(),
      () => a.recvBytes(),
      () => a.recvBytesInto(bytes),
    );
    await r.throws(
      StateError,
      () => reader.sendSync(1),
      () => reader.sendBytesSync(bytes),
      () => writer.recvSync(),
      () => writer.recvBytesSync(),
      () => writer.recvBytesIntoSync(bytes),
      () => writer.pollSync(),
      () => a.recvBytesSync(),
      () => a.recvBytesIntoSync(bytes),
    );
    r.end();
    await closedConnection(a);
  });

  test('a wrong call of a connection over a socket is refused', async () => {
    using listener = new Listener();
    const [client, served]: Wrong[] = await Promise.all([connect(listener.address), listener.accept()]);
    const r = new Refusals(() => [client.readable, client.writable, client.closed]);
    await callsOfAConnection(r, client);
    await r.rejects(SerializationError, () => client.send(new Lock()));
    r.end();
    await closedConnection(client);
    served.close();
  });

  test('a wrong call of Listener or connect is refused', async () => {
    const L: Wrong = Listener;
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new L(null),
      () => new L('127.0.0.1:0'),
      () => new L({ address: 5 }),
      () => new L({ address: null }),
      () => new L({ address: '' }),
      () => new L({ address: {} }),
      () => new L({ address: { host: '127.0.0.1' } }),
      () => new L({ address: { host: '127.0.0.1', port: '80' } }),
      () => new L({ address: '\0abstract' }),
      () => new L({ authKey: 5 }),
      () => new L({ authKey: null }),
      () => new L({ backlog: '5' }),
      () => new L({ backlog: null }),
      () => new L({ tls: null, address: '127.0.0.1:0' }),
      () => new L({ tls: 'yes', address: '127.0.0.1:0' }),
      () => new L({ tls: {} }),
    );
    await made.throws(
      RangeError,
      () => new L({ address: '127.0.0.1:70000' }),
      () => new L({ address: { host: '127.0.0.1', port: -1 } }),
      () => new L({ address: { host: '', port: 0 } }),
      () => new L({ address: '0.0.0.0:0' }),
      () => new L({ authKey: '' }),
      () => new L({ address: '0.0.0.0:0', authKey: 'seven 7' }),
      () => new L({ backlog: 0 }),
      () => new L({ backlog: -1 }),
      () => new L({ backlog: 1.5 }),
    );
    const call: Wrong = connect;
    await made.rejects(
      TypeError,
      () => call(),
      () => call(null),
      () => call(5),
      () => call(''),
      () => call({ port: 80 }),
      () => call('127.0.0.1:1', { authKey: 5 }),
      () => call('127.0.0.1:1', { tls: null }),
      () => call('127.0.0.1:1', { tls: 'yes' }),
      () => call('/nowhere', { tls: {} }),
    );
    await made.rejects(
      RangeError,
      () => call('127.0.0.1:70000'),
      () => call({ host: 'localhost', port: 0.5 }),
      () => call('127.0.0.1:1', { authKey: '' }),
    );
    await made.badWaits((options) => call('127.0.0.1:1', options));
    made.end();
    const listener = new Listener();
    const r = new Refusals(() => [listener.address, listener.failures]);
    await r.badWaits((options) => listener.accept(options));
    r.end();
    listener.close();
    listener.close();
    const over = new Refusals();
    await over.rejects(
      ClosedError,
      () => listener.accept(),
      () => listener.accept({ timeout: 0 }),
    );
    over.end();
  });

  test('a wrong call of wait is refused', async () => {
    const call: Wrong = wait;
    const q = new Queue();
    const r = new Refusals(() => q.qsize());
    await r.rejects(
      TypeError,
      () => call(),
      () => call(null),
      () => call(5),
      () => call(q),
      () => call([5]),
      () => call([null]),
      () => call([{}]),
      () => call([new Lock()]),
      () => call('ab'),
    );
    await r.badWaits((options) => call([q], options));
    await r.badWaits((options) => call([], options));
    q.close();
    r.end();
    (await new Refusals().rejects(ClosedError, () => call([q]))).end();
  });
});

async function callsOfAConnection(r: Refusals, c: Wrong): Promise<void> {
  const bytes = new Uint8Array(4);
  await r.badWaits((options) => c.send(1, options));
  await r.badWaits((options) => c.recv(options));
  await r.badWaits((options) => c.sendBytes(bytes, options));
  await r.badWaits((options) => c.recvBytes(options));
  await r.badWaits((options) => c.recvBytesInto(bytes, options));
  await r.badWaits((options) => c.poll(options));
  await r.badSyncWaits((options) => c.sendSync(1, options));
  await r.badSyncWaits((options) => c.recvSync(options));
  await r.badSyncWaits((options) => c.sendBytesSync(bytes, options));
  await r.badSyncWaits((options) => c.recvBytesSync(options));
  await r.badSyncWaits((options) => c.recvBytesIntoSync(bytes, options));
  await r.badSyncWaits((options) => c.pollSync(options));
  for (const bad of [undefined, null, 'text', 5, [1, 2]]) {
    await r.rejects(
      TypeError,
      () => c.sendBytes(bad),
      () => c.recvBytesInto(bad),
    );
    await r.throws(
      TypeError,
      () => c.sendBytesSync(bad),
      () => c.recvBytesIntoSync(bad),
    );
  }
  for (const bad of [-1, 5, 0.5, Number.NaN]) {
    await r.rejects(
      RangeError,
      () => c.sendBytes(bytes, { offset: bad }),
      () => c.sendBytes(bytes, { size: bad }),
      () => c.recvBytesInto(bytes, { offset: bad }),
    );
    await r.throws(
      RangeError,
      () => c.sendBytesSync(bytes, { offset: bad }),
      () => c.sendBytesSync(bytes, { size: bad }),
    );
  }
  for (const bad of ['1', null]) {
    await r.rejects(
      TypeError,
      () => c.sendBytes(bytes, { offset: bad }),
      () => c.sendBytes(bytes, { size: bad }),
      () => c.recvBytesInto(bytes, { offset: bad }),
      () => c.recvBytes({ maxLength: bad }),
    );
  }
  await r.rejects(
    RangeError,
    () => c.recvBytes({ maxLength: -1 }),
    () => c.recvBytes({ maxLength: Number.NaN }),
  );
}

async function closedConnection(c: Wrong): Promise<void> {
  const bytes = new Uint8Array(4);
  c.close();
  c.close();
  const over = new Refusals(() => [c.closed, c.readable, c.writable]);
  await over.rejects(
    ClosedError,
    () => c.send(1),
    () => c.recv(),
    () => c.sendBytes(bytes),
    () => c.recvBytes(),
    () => c.recvBytesInto(bytes),
    () => c.poll(),
    () => c[Symbol.asyncIterator]().next(),
  );
  await over.throws(
    ClosedError,
    () => c.sendSync(1),
    () => c.recvSync(),
    () => c.sendBytesSync(bytes),
    () => c.recvBytesSync(),
    () => c.recvBytesIntoSync(bytes),
    () => c.pollSync(),
    () => new Queue().putNowait(c),
  );
  over.end();
}
