// Every public call of pools with what makes no sense: each has its error, of the right class, and has changed nothing.
import { after, describe, test } from 'node:test';
import { activeChildren, ClosedError, getContext, Pool, StateError, ThreadPool } from 'multiproc';
import { watchdog } from '../hang.ts';
import { Refusals, type Wrong, wrong } from '../refusals.ts';

const dog = watchdog('bad input of pools', 300);
after(() => dog[Symbol.dispose]());

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
