// Every public call of queues with what makes no sense: each has its error, of the right class, and has changed nothing.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ClosedError, JoinableQueue, Process, Queue, SerializationError, SimpleQueue, StateError } from 'multiproc';
import * as local from 'multiproc/queue';
import { watchdog } from '../hang.ts';
import { Refusals, type Wrong, wrong } from '../refusals.ts';

const dog = watchdog('bad input of queues', 300);
after(() => dog[Symbol.dispose]());

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

  test('a SimpleQueue has no bound, and is not made with one', () => {
    assert.throws(() => new (SimpleQueue as Wrong)(1), { name: 'TypeError', message: /^options must be an object/ });
  });

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
