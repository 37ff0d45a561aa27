import assert from 'node:assert/strict';
import {
  type AnyPool,
  ClosedError,
  type PoolOptions,
  Queue,
  SerializationError,
  StateError,
  TimeoutError,
  WorkerLostError,
} from 'multiproc';
import { watched } from '../watchdog.ts';
import { type Cases, casesOf, type Exceptions } from './cases-of.ts';

/** Makes a pool. */
export type MakePool = (options: number | PoolOptions) => AnyPool;

/** What a promise rejects with. */
async function errorOf(task: Promise<unknown>): Promise<unknown> {
  const value = await watched(task.catch((error) => ({ error })));
  assert.ok(typeof value === 'object' && value !== null && 'error' in value, `It resolved with ${value}`);
  return value.error;
}

/** Waits in a worker until the task is ended from outside. */
const forever = () => new Promise(() => setInterval(() => {}, 1000));

/** The contract `AnyPool`, case by case. Each pool ends with its case. */
const cases: Cases<MakePool> = {
  'apply resolves to what the function returns, a closure too': async (make) => {
    const pool = make(1);
    const seven = 7;
    assert.equal(await pool.apply(Math.max, [3, 5]), 5);
    assert.equal(await pool.apply(() => seven), 7);
    assert.deepEqual(await pool.apply(async (a: number[]) => ({ a }), [[1]]), { a: [1] });
  },
  'a task that throws rejects with its error': async (make) => {
    const pool = make(1);
    const error = await errorOf(
      pool.apply(
        (text: string) => {
          throw new RangeError(text);
        },
        ['mine'],
      ),
    );
    assert.ok(error instanceof RangeError && error.message === 'mine');
    assert.equal(await pool.apply(Math.max, [1]), 1);
  },
  'what cannot be sent rejects with a SerializationError': async (make) => {
    const pool = make(1);
    const uncopyable: unknown = Promise.resolve();
    assert.ok((await errorOf(pool.apply((x: unknown) => x, [uncopyable]))) instanceof SerializationError);
    assert.equal(await pool.apply(Math.max, [1]), 1);
  },
  'a result that cannot be sent rejects with the path from the result on': async (make) => {
    const pool = make(1);
    const broken = () => ({ deep: [Promise.resolve()] });
    const error = (await errorOf(pool.apply(broken))) as SerializationError;
    assert.ok(error instanceof SerializationError, String(error));
    assert.deepEqual(
      [error.path, /Cannot send result\.deep\[0\]: a Promise/.test(error.message)],
      ['result.deep[0]', true],
    );
    const whole = (await errorOf(pool.apply(() => Symbol('whole') as unknown))) as SerializationError;
    assert.equal(whole.path, 'result');
    const ofChunk = (await errorOf(pool.mapChunks(broken, [1]))) as SerializationError;
    assert.equal(ofChunk.path, 'result.deep[0]');
  },
  'what is no task, no list of arguments or no list of items rejects with a TypeError': async (make) => {
    const pool = make(1);
    for (const call of [
      () => pool.apply(5 as never),
      () => pool.apply(Math.max, 5 as never),
      () => pool.map(undefined as never, [1]),
      () => pool.map(Math.abs, 5 as never),
      () => pool.starmap(Math.max, null as never),
    ]) {
      assert.ok((await errorOf(call())) instanceof TypeError, String(call));
    }
  },
  'options that make no sense reject, and run nothing': async (make) => {
    const pool = make(1);
    const ran = new Queue<number>();
    const run = (options: never) => pool.apply((q: Queue<number>) => q.putSync(1), [ran], options);
    const runAll = (options: never) => pool.map((q: Queue<number>) => q.putSync(1), [ran], options);
    for (const options of [
      { timeout: -1 },
      { timeout: Number.NaN },
      { retries: -1 },
      { retries: 1.5 },
      { priority: Number.NaN },
    ]) {
      for (const call of [run, runAll]) assert.ok((await errorOf(call(options as never))) instanceof RangeError);
    }
    for (const options of [{ timeout: '1' }, { retries: '1' }, { priority: '1' }, { signal: {} }, 5]) {
      for (const call of [run, runAll]) assert.ok((await errorOf(call(options as never))) instanceof TypeError);
    }
    for (const chunksize of [0, -1, 1.5])
      assert.ok((await errorOf(runAll({ chunksize } as never))) instanceof RangeError);
    assert.ok((await errorOf(runAll({ failFast: 1 } as never))) instanceof TypeError);
    assert.equal(await pool.apply((q: Queue<number>) => q.qsize(), [ran]), 0);
  },
  'map resolves to the results in the order of the items': async (make) => {
    const pool = make(2);
    const double = (x: number) => 2 * x;
    const generated = function* () {
      yield 1;
      yield 2;
    };
    const generatedLater = async function* () {
      yield 3;
      yield 4;
    };
    assert.deepEqual(await pool.map(double, []), []);
    assert.deepEqual(
      await pool.map(
        double,
        Array.from({ length: 50 }, (_, i) => i),
      ),
      Array.from({ length: 50 }, (_, i) => 2 * i),
    );
    assert.deepEqual(await pool.map(double, generated(), { chunksize: 1 }), [2, 4]);
    assert.deepEqual(await pool.map(double, generatedLater()), [6, 8]);
    assert.deepEqual(await pool.map(double, Float64Array.of(1.5)), [3]);
  },
  'starmap gives each list of arguments, mapChunks whole chunks': async (make) => {
    const pool = make(2);
    const pairs: [number, number][] = [
      [2, 3],
      [3, 2],
    ];
    assert.deepEqual(await pool.starmap((a: number, b: number) => a ** b, pairs), [8, 9]);
    const seen = await pool.mapChunks((part: number[], start: number) => [start, ...part], [1, 2, 3], { chunksize: 2 });
    assert.deepEqual(seen, [
      [0, 1, 2],
      [2, 3],
    ]);
    const kinds = await pool.mapChunks((part, start) => `${part.constructor.name} ${start}`, new Int16Array(4), {
      chunksize: 2,
    });
    assert.deepEqual(kinds, ['Int16Array 0', 'Int16Array 2']);
  },
  'map rejects with the first error by index': async (make) => {
    const pool = make(2);
    const run = (x: number) => {
      if (x > 1) throw new RangeError(String(x));
      return x;
    };
    const error = await errorOf(pool.map(run, [1, 2, 3, 1], { chunksize: 1 }));
    assert.ok(error instanceof RangeError && error.message === '2');
  },
  'with failFast map rejects at the first error, and ends the rest': async (make) => {
    const pool = make(1);
    const run = (x: number) => {
      if (x === 1) throw new RangeError('first');
      return new Promise(() => setInterval(() => {}, 1000));
    };
    const error = await errorOf(pool.map(run, [1, 2, 3], { chunksize: 1, failFast: true }));
    assert.ok(error instanceof RangeError && error.message === 'first');
    assert.equal(await watched(pool.apply(Math.max, [1])), 1);
  },
  'a task out of time rejects with a TimeoutError, and its worker is replaced': async (make) => {
    const pool = make(1);
    assert.ok((await errorOf(pool.apply(forever, [], { timeout: 20 }))) instanceof TimeoutError);
    assert.equal(await watched(pool.apply(Math.max, [1])), 1);
  },
  'a task that throws runs again as often as it may': async (make) => {
    const pool = make(1);
    const runs = new Queue<number>();
    const run = (q: Queue<number>) => {
      q.putSync(1);
      throw new RangeError('again');
    };
    assert.ok((await errorOf(pool.apply(run, [runs], { retries: 2 }))) instanceof RangeError);
    assert.equal(await pool.apply((q: Queue<number>) => q.qsize(), [runs]), 3);
  },
  'a task whose worker ends rejects with a WorkerLostError': async (make) => {
    const pool = make(1);
    const error = await errorOf(pool.apply(() => process.exit(3)));
    assert.ok(error instanceof WorkerLostError && error.exitCode === 3);
    assert.equal(await watched(pool.apply(Math.max, [1])), 1);
  },
  'an abort ends just its task, with the reason': async (make) => {
    const pool = make(2);
    const reason = new Error('mine');
    const started = new Queue<number>();
    const stop = new AbortController();
    const run = async (q: Queue<number>) => {
      q.putSync(1);
      await new Promise(() => setInterval(() => {}, 1000));
    };
    const task = errorOf(pool.apply(run, [started], { signal: stop.signal }));
    const other = pool.apply(async (q: Queue<number>) => q.get(), [started]);
    stop.abort(reason);
    assert.equal(await task, reason);
    assert.equal(await errorOf(pool.apply(Math.max, [1], { signal: stop.signal })), reason);
    assert.equal(await errorOf(pool.map(Math.abs, [1], { signal: stop.signal })), reason);
    await started.put(5);
    assert.equal(typeof (await watched(other)), 'number');
  },
  'of the tasks that wait the one with the highest priority goes first': async (make) => {
    const pool = make(1);
    const order = new Queue<number>();
    const gate = new Queue<number>();
    const begun = new Queue<number>();
    const hold = async (b: Queue<number>, g: Queue<number>) => {
      b.putSync(1);
      await g.get();
    };
    const note = (q: Queue<number>, n: number) => q.putSync(n);
    const tasks: Promise<unknown>[] = [pool.apply(hold, [begun, gate])];
    await watched(begun.get());
    for (const priority of [0, 5, -5, 5]) tasks.push(pool.apply(note, [order, priority], { priority }));
    // A server has heard of all of them once it answers what came after.
    await pool.stats();
    await gate.put(1);
    await watched(Promise.all(tasks));
    assert.deepEqual(await order.getMany(4), [5, 5, 0, -5]);
  },
  'imap gives results in order, and an error at its place': async (make) => {
    const pool = make(2);
    const run = (x: number) => {
      if (x === 2) throw new RangeError('two');
      return -x;
    };
    const results = await pool.imap(run, [1, 2, 3]);
    assert.deepEqual(await results.next(), { done: false, value: -1 });
    assert.ok((await errorOf(results.next())) instanceof RangeError);
    assert.deepEqual(await results.next(), { done: false, value: -3 });
    assert.equal((await results.next()).done, true);
  },
  'imapUnordered gives all results': async (make) => {
    const pool = make(2);
    const seen: number[] = [];
    for await (const x of await pool.imapUnordered((x: number) => -x, [1, 2, 3], { chunksize: 1 })) seen.push(x);
    assert.deepEqual(seen.sort(), [-1, -2, -3]);
  },
  'a property that was assigned to the function between two calls is seen by the second': async (make) => {
    const pool = make(1);
    const step: { (): number; size?: number } = function own(): number {
      return (own as { size?: number }).size ?? 1;
    };
    assert.equal(await watched(pool.apply(step)), 1);
    const first = pool.apply(step);
    step.size = 2;
    assert.deepEqual(await watched(Promise.all([first, pool.apply(step)])), [1, 2]);
  },
  'leaving the loop of an imap ends the rest': async (make) => {
    const pool = make(1);
    for await (const x of await pool.imap((x: number) => x, [1, 2, 3])) {
      assert.equal(x, 1);
      break;
    }
    assert.equal(await watched(pool.apply(Math.max, [1])), 1);
  },
  'a closed pool finishes what it has, and takes no more': async (make) => {
    const pool = make(1);
    const tasks = [1, 2, 3].map((x) => pool.apply((x: number) => x, [x]));
    const mapped = pool.map((x: number) => x, [4, 5]);
    await pool.close();
    await pool.close();
    assert.ok((await errorOf(pool.apply(Math.max, [1]))) instanceof ClosedError);
    assert.ok((await errorOf(pool.map(Math.abs, [1]))) instanceof ClosedError);
    assert.deepEqual(await watched(Promise.all(tasks)), [1, 2, 3]);
    assert.deepEqual(await watched(mapped), [4, 5]);
    await watched(pool.join());
  },
  'join of an open pool rejects with a StateError': async (make) => {
    const pool = make(1);
    assert.ok((await errorOf(pool.join())) instanceof StateError);
  },
  'terminate ends every outstanding task with a ClosedError': async (make) => {
    const pool = make(1);
    const tasks = [pool.apply(forever), pool.apply(Math.max, [1]), pool.map(Math.abs, [1])].map(errorOf);
    await pool.stats();
    await pool.terminate();
    await pool.terminate();
    for (const error of await Promise.all(tasks)) assert.ok(error instanceof ClosedError);
    assert.ok((await errorOf(pool.apply(Math.max, [1]))) instanceof ClosedError);
    await watched(pool.join());
  },
  'stats counts workers and tasks': async (make) => {
    const pool = make(1);
    await pool.apply(Math.max, [1]);
    await errorOf(
      pool.apply(() => {
        throw new Error('mine');
      }),
    );
    const { started, lost, outstanding, done, failed } = await pool.stats();
    assert.deepEqual(
      { started, lost, outstanding, done, failed },
      { started: 1, lost: 0, outstanding: 0, done: 2, failed: 1 },
    );
  },
};

/** Runs the cases of the contract over one kind of pool. */
export function poolSuite(name: string, make: MakePool, exceptions: Exceptions = {}): void {
  casesOf(`${name} as a pool`, cases, make, exceptions, async (run) => {
    const pools: AnyPool[] = [];
    try {
      await run((options) => {
        const pool = make(options);
        pools.push(pool);
        return pool;
      });
    } finally {
      for (const pool of pools) await pool.terminate();
    }
  });
}
