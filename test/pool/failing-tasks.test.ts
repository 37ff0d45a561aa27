import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PoolBrokenError, Queue, SerializationError, WorkerLostError } from 'multiproc';
import { test } from '../cases.ts';
import { here } from '../here.ts';
import { until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

describe('what a task throws', () => {
  const pool = poolOf(2);

  test('a subclass of Error keeps class, message, properties and cause', async () => {
    const error = (await errorOf(
      pool.apply(() => {
        throw Object.assign(new RangeError('too far', { cause: new TypeError('inner') }), { code: 'E_FAR' });
      }),
    )) as RangeError & { code: string };
    assert(error instanceof RangeError);
    assert.deepEqual([error.message, error.code], ['too far', 'E_FAR']);
    assert(error.cause instanceof TypeError);
  });

  const thrown: [string, () => unknown, (error: unknown) => void][] = [
    [
      'a string',
      () => {
        throw 'text';
      },
      (error) => assert.equal(error, 'text'),
    ],
    [
      'undefined',
      () => {
        throw undefined;
      },
      (error) => assert.equal(error, undefined),
    ],
    ['null from a promise', () => Promise.reject(null), (error) => assert.equal(error, null)],
    [
      'a frozen object',
      () => {
        throw Object.freeze({ a: 1 });
      },
      (error) => assert.deepEqual(error, { a: 1 }),
    ],
    [
      'a frozen error',
      () => {
        throw Object.freeze(new Error('cold'));
      },
      (error) => assert.match(String(error), /cold/),
    ],
    [
      'later, in an async function',
      async () => {
        await null;
        throw new Error('later');
      },
      (error) => assert.match(String(error), /later/),
    ],
  ];
  for (const [what, task, check] of thrown) {
    test(`what a task throws arrives: ${what}`, async () => {
      check(await errorOf(pool.apply(task)));
      await lives(pool);
    });
  }

  test('an error with a property that cannot be sent still is an error, twenty times', async () => {
    for (let i = 0; i < 20; i++) {
      const error = await errorOf(
        pool.apply(() => {
          throw Object.assign(new Error('with a timer'), { timer: setTimeout(() => {}, 0) });
        }),
      );
      assert(error instanceof Error, String(error));
    }
    await lives(pool);
  });
});

describe('how a worker may be lost', () => {
  const pool = poolOf(1);
  const deaths: [string, () => unknown, number, string | undefined][] = [
    ['process.exit(3)', () => process.exit(3), 3, undefined],
    ['process.exit(0)', () => process.exit(0), 0, undefined],
    ['SIGKILL', () => process.kill(process.pid, 'SIGKILL') && new Promise(() => {}), -9, 'SIGKILL'],
    ['SIGHUP', () => process.kill(process.pid, 'SIGHUP') && new Promise(() => {}), -1, 'SIGHUP'],
    ['an abort', () => process.abort(), -6, 'SIGABRT'],
    ['a promise that nothing will settle', () => new Promise(() => {}), 1, undefined],
  ];
  for (const [what, task, exitCode, signal] of deaths) {
    test(`a task rejects that ends its worker by ${what}`, async () => {
      const pid = await pool.apply(() => process.pid);
      const where = await pool.apply(here);
      const innocent = pool.applyAsync((n: number) => n * 2, [21], { priority: -1 });
      const error = (await errorOf(pool.apply(task))) as WorkerLostError;
      assert(error instanceof WorkerLostError, String(error));
      assert.deepEqual([error.pid, error.exitCode, error.signal], [pid, exitCode, signal]);
      assert.match(error.message, /task|name/);
      assert.equal(await watched(innocent.get()), 42);
      assert.notEqual(await pool.apply(here), where);
    });
  }

  test('a worker that has too little memory is lost, and the pool goes on', async () => {
    const { execArgv } = process;
    process.execArgv = [...execArgv, '--max-old-space-size=40'];
    try {
      const small = poolOf(1);
      const hoard = () => {
        const all: unknown[] = [];
        for (;;) all.push(new Array(1000).fill({}));
      };
      assert((await errorOf(small.apply(hoard))) instanceof WorkerLostError);
      await lives(small);
      small.terminate();
      await small.join();
    } finally {
      process.execArgv = execArgv;
    }
  });

  test('an error from a timer while the task runs: its promise rejects and says why', async () => {
    const error = (await errorOf(
      pool.apply(
        () =>
          new Promise(() =>
            setTimeout(() => {
              throw new Error('from a timer');
            }, 1),
          ),
      ),
    )) as WorkerLostError;
    assert(error instanceof WorkerLostError);
    assert.match(error.message, /from a timer/);
    assert.match(String(error.cause), /from a timer/);
    await lives(pool);
  });

  test('an error from a timer after the task has returned harms neither it nor the next ones', async () => {
    for (let round = 0; round < 5; round++) {
      const left = await pool.apply(() => {
        setTimeout(() => {
          throw new Error('left behind');
        }, 3);
        return 'fine';
      });
      assert.equal(left, 'fine');
      const next = pool.apply(() => new Promise((resolve) => setTimeout(resolve, 30, 'innocent')));
      assert.equal(await watched(next), 'innocent');
    }
    await lives(pool);
  });

  type Gate = Queue<string>;
  /** What a task may leave behind, which fails when something is in the gate. */
  const leftovers: [string, (gate: Gate) => unknown][] = [
    [
      'a rejection in a timer',
      (gate) => {
        const timer = setInterval(async () => {
          if (gate.empty()) return;
          clearInterval(timer);
          throw new Error('left behind');
        }, 1);
      },
    ],
    [
      'a rejection in a timer that keeps nothing alive',
      (gate) => {
        const timer = setInterval(() => {
          if (gate.empty()) return;
          clearInterval(timer);
          Promise.reject(new Error('left behind'));
        }, 1).unref();
      },
    ],
    [
      'an exception in a timer that a timer has set',
      (gate) => {
        const timer = setInterval(() => {
          if (gate.empty()) return;
          clearInterval(timer);
          setImmediate(() => {
            throw new Error('left behind');
          });
        }, 1);
      },
    ],
    [
      'a rejection after a wait for a queue',
      (gate) => {
        gate.get().then(() => {
          throw new Error('left behind');
        });
      },
    ],
  ];
  for (const [what, leave] of leftovers) {
    test(`${what}, left behind by an earlier task, harms only itself`, async () => {
      const worker = poolOf(1);
      const [said, gate, end]: [Gate, Gate, Gate] = [new Queue(), new Queue(), new Queue()];
      await watched(worker.apply(leave, [gate]));
      const innocent = worker.apply(
        async (said: Gate, end: Gate) => {
          process.once('uncaughtExceptionMonitor', () => said.putSync('failed'));
          await said.put('runs');
          return end.get();
        },
        [said, end],
      );
      assert.equal(await watched(said.get()), 'runs');
      gate.putNowait('fail');
      assert.equal(await watched(said.get()), 'failed');
      end.putNowait('innocent');
      assert.equal(await watched(innocent), 'innocent');
      await lives(worker);
    });
  }

  test("a task's own rejection ends it, also where an earlier one has left something", async () => {
    const worker = poolOf(1);
    await watched(worker.apply(() => void setTimeout(() => {}, 1e6)));
    const task = async () => {
      setTimeout(async () => {
        throw new Error('its own');
      }, 1);
      await new Promise(() => {});
    };
    const error = (await errorOf(worker.apply(task))) as WorkerLostError;
    assert(error instanceof WorkerLostError);
    assert.match(String(error.cause), /its own/);
  });

  test('of several tasks in one worker only the one whose timer throws rejects', async () => {
    const wide = poolOf({ processes: 1, concurrency: 4 });
    const gate = new Queue<number>();
    const others = [1, 2].map((n) => wide.apply(async (n: number) => n + (await gate.get()), [n]));
    const guilty = errorOf(
      wide.apply(
        () =>
          new Promise(() =>
            setTimeout(() => {
              throw new Error('mine');
            }, 1),
          ),
      ),
    );
    assert.match(String(await guilty), /mine/);
    gate.putNowait(10);
    gate.putNowait(10);
    assert.deepEqual(await watched(Promise.all(others)), [11, 12]);
    await lives(wide);
  });
});

describe('retries', () => {
  const pool = poolOf(2);

  test('a task is run again after an error and after a lost worker, so often and no more', async () => {
    const tries = new Queue<number>();
    const flaky = async (failures: number, deadly: boolean) => {
      await tries.put(1);
      if (tries.qsize() > failures) return tries.qsize();
      if (deadly) process.exit(9);
      throw new Error('not yet');
    };
    assert.equal(await watched(pool.apply(flaky, [2, false], { retries: 2 })), 3);
    assert.equal(await watched(pool.apply(flaky, [5, true], { retries: 2 })), 6);
    assert.match(String(await errorOf(pool.apply(flaky, [100, false], { retries: 3 }))), /not yet/);
    assert.equal(tries.qsize(), 10);
  });

  test('a chunk of map is run again too', async () => {
    const tries = new Queue<number>();
    const flaky = async (n: number) => {
      await tries.put(n);
      if (n === 2 && tries.qsize() < 4) throw new Error('not yet');
      return n;
    };
    assert.deepEqual(await watched(pool.map(flaky, [1, 2], { chunksize: 2, retries: 1 })), [1, 2]);
    assert.equal(tries.qsize(), 4);
  });
});

describe('idle workers', () => {
  test('idle workers that are killed are replaced, all at once, before they ever worked, and again and again', async () => {
    const pool = poolOf(3);
    const pids = new Set<number>();
    for (let round = 0; round < 6; round++) {
      const results = Array.from({ length: 3 }, (_, i) => pool.apply((i: number) => i, [i]));
      // Some have not even begun.
      if (round % 3 === 0) for (const pid of pool.pids.slice(0, 1)) pids.add(pid);
      assert.deepEqual(await watched(Promise.all(results)), [0, 1, 2]);
      for (const pid of pool.pids) {
        pids.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      if (round % 2 === 0) await until(() => pool.pids.every((pid) => !pids.has(pid)));
    }
    await lives(pool);
  });

  test('an idle worker that is killed while the others work costs nothing', async () => {
    const pool = poolOf(2);
    const gate = new Queue<string>();
    const said = new Queue<number>();
    const long = pool.apply(async () => {
      await said.put(process.pid);
      return gate.get();
    });
    const busy = await said.get();
    await pool.apply(() => 0);
    for (let round = 0; round < 8; round++) {
      const idle = pool.pids.find((pid) => pid !== busy) as number;
      process.kill(idle, 'SIGKILL');
      assert.equal(await watched(pool.apply((n: number) => n, [round])), round);
    }
    gate.putNowait('done');
    assert.equal(await watched(long), 'done');
  });
});

describe('what cannot be sent', () => {
  const pool = poolOf(2);
  const socket = setTimeout(() => {}, 0);

  test('an argument that cannot be sent is refused with its path', async () => {
    for (let i = 0; i < 20; i++) {
      const error = (await errorOf(pool.apply((_: unknown) => 0, [{ deep: [1, socket] }]))) as SerializationError;
      assert(error instanceof SerializationError);
      assert.equal(error.path, 'args[0].deep[1]');
      assert.match(error.message, /args\[0\]\.deep\[1\]/);
    }
    await lives(pool);
  });

  test('an item of map that cannot be sent is refused with its index', async () => {
    for (let i = 0; i < 20; i++) {
      const items = [0, 1, 2, { socket }, 4];
      const error = (await errorOf(pool.map((x: unknown) => x, items, { chunksize: 2 }))) as SerializationError;
      assert.equal(error.path, 'items[3].socket');
    }
    await lives(pool);
  });

  test('an input that throws rejects the map', async () => {
    function* broken() {
      yield 1;
      throw new Error('no more');
    }
    for (let i = 0; i < 20; i++) assert.match(String(await errorOf(pool.map((x: number) => x, broken()))), /no more/);
    await lives(pool);
  });

  test('a result that cannot be sent rejects its task', async () => {
    for (let i = 0; i < 20; i++) {
      assert((await errorOf(pool.apply(() => ({ t: setTimeout(() => {}, 0) })))) instanceof SerializationError);
    }
    await lives(pool);
  });

  test('one result of a chunk that cannot be sent does not keep the others from arriving', async () => {
    const results: unknown[] = [];
    const make = (n: number): unknown => (n === 1 ? setTimeout(() => {}, 0) : n);
    const it = pool.imap(make, [0, 1, 2], { chunksize: 3 });
    for (;;) {
      const step = await watched(it.next()).catch((error) => ({ value: error.code, done: false }));
      if (step.done) break;
      results.push(step.value);
    }
    assert.deepEqual(results, [0, 'ERR_SERIALIZATION', 2]);
  });

  test('an item that throws what cannot be sent has failed, also beside results that arrive', async () => {
    const fn = (n: number): number => {
      if (n === 1) throw setTimeout(() => {}, 0);
      return n;
    };
    const error = await errorOf(pool.map(fn, [0, 1, 2], { chunksize: 3 }));
    assert(error instanceof SerializationError, String(error));
    const results: unknown[] = [];
    for (const it = pool.imap(fn, [0, 1, 2], { chunksize: 3 }); ; ) {
      const step = await watched(it.next()).catch((error) => ({ value: error.code, done: false }));
      if (step.done) break;
      results.push(step.value);
    }
    assert.deepEqual(results, [0, 'ERR_SERIALIZATION', 2]);
  });

  test('a function that captures a value bound to this process is refused', async () => {
    assert((await errorOf(pool.apply(() => socket.hasRef()))) instanceof SerializationError);
    await lives(pool);
  });
});

describe('an initializer', () => {
  test('an initializer runs in each worker before its tasks, also an async one, and its state is seen', async () => {
    const pool = poolOf({
      processes: 2,
      initializer: async (a: number, b: number) => {
        await null;
        (globalThis as { sum?: number }).sum = a + b;
      },
      initargs: [20, 22],
    });
    const sums = await watched(pool.map(() => (globalThis as { sum?: number }).sum, [1, 2, 3, 4], { chunksize: 1 }));
    assert.deepEqual(sums, [42, 42, 42, 42]);
  });

  test('an initializer that throws ends all tasks with its error, after three tries', async () => {
    const starts = new Queue<number>();
    const pool = poolOf({
      processes: 2,
      initializer: (starts: Queue<number>) => {
        starts.putSync(process.pid);
        throw new RangeError('no database');
      },
      initargs: [starts],
    });
    const errors = await Promise.all([1, 2, 3].map((n) => errorOf(pool.apply((n: number) => n, [n]))));
    for (const error of errors) assert(error instanceof RangeError, String(error));
    await assert.rejects(
      pool.apply(() => 0),
      /no database/,
    );
    pool.terminate();
    await watched(pool.join());
    assert(starts.qsize() <= 8, `${starts.qsize()} starts`);
  });

  test('an initializer that throws what cannot be sent ends all tasks with the reason', async () => {
    const pool = poolOf({
      processes: 1,
      initializer: () => {
        throw setTimeout(() => {}, 0);
      },
    });
    const error = await errorOf(pool.apply(() => 0));
    assert(error instanceof SerializationError, String(error));
    pool.terminate();
    await watched(pool.join());
  });

  for (const code of [0, 3]) {
    test(`an initializer that calls process.exit(${code}) breaks the pool, after a few tries`, async () => {
      const pool = poolOf({ processes: 1, initializer: (code: number) => process.exit(code), initargs: [code] });
      const error = await errorOf(pool.apply(() => 0));
      assert(error instanceof PoolBrokenError, String(error));
      assert.match(error.message, new RegExp(`exit code ${code}`));
      assert((await errorOf(pool.applyAsync(() => 0))) instanceof PoolBrokenError);
      pool.close();
      await watched(pool.join());
    });
  }

  test('an initializer that cannot be sent ends all tasks, and nothing is left', async () => {
    const timer = setTimeout(() => {}, 0);
    const pool = poolOf({ processes: 1, initializer: () => timer.hasRef() });
    assert((await errorOf(pool.apply(() => 0))) instanceof SerializationError);
    assert.equal(pool.stats().outstanding, 0);
    pool.terminate();
    await watched(pool.join());
  });
});

describe('a long run', () => {
  test('a long run of 300,000 tasks leaks neither places, descriptors nor shared memory', async () => {
    const pool = poolOf(2);
    const noop = (n: number) => n;
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const run = async (count: number) => {
      for (let i = 0; i < count; i += 10_000) {
        await watched(
          pool.map(
            noop,
            Array.from({ length: 10_000 }, (_, k) => k),
            { chunksize: 1 },
          ),
        );
      }
    };
    await run(70_000);
    const before = { descriptors: descriptors(), shared: sharedMemory() };
    await run(230_000);
    assert.equal(pool.stats().outstanding, 0);
    // A worker of another test may just be starting or ending; a leak would be of thousands.
    assert(descriptors() <= before.descriptors + 20, `${before.descriptors} -> ${descriptors()}`);
    assert(sharedMemory() <= before.shared + 2 ** 20, `${before.shared} -> ${sharedMemory()}`);
  });
});

test('functions that are made anew for each task leave no shared memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pool = poolOf(1);
  const before = sharedMemory();
  for (let n = 0; n < 60; n++) {
    const text = String.fromCharCode(65 + n).repeat(4e6);
    assert.equal(await watched(pool.apply(() => text.length)), 4e6);
  }
  // Of 240 MB. The family keeps up to 128 MiB that are free.
  await until(() => {
    collect();
    return sharedMemory() < before + 180e6;
  });
});

/** Bytes of the family's heap that exist. */
function sharedMemory(): number {
  const maps = readFileSync('/proc/self/smaps', 'latin1').split(/\n(?=[0-9a-f]+-)/);
  let kib = 0;
  for (const map of maps) if (map.includes('memfd:multiproc')) kib += Number(/^Rss:\s+(\d+)/m.exec(map)?.[1] ?? 0);
  return kib * 1024;
}

describe('the stack of an error', () => {
  const failing = (): never => {
    throw new RangeError('there');
  };

  test('the stack of an error shows where it was thrown, and who called here', async () => {
    await using pool = poolOf(1);
    const viaApply = async () => await pool.apply(failing);
    const viaMap = async () => await pool.map(failing, [1]);
    const viaResult = async () => await pool.applyAsync(failing).get();
    for (const caller of [viaApply, viaMap, viaResult]) {
      await assert.rejects(caller, ({ stack }: Error) => {
        assert.match(stack!, /RangeError: there\n\s+at failing .*[\s\S]*called by .*\(\)\n[\s\S]*at async via/);
        return true;
      });
    }
  });

  test('the stack of an abort reason, an object of the caller, stays unchanged', async () => {
    await using pool = poolOf(1);
    const reason = new Error('mine');
    const { stack } = reason;
    await assert.rejects(pool.apply(failing, [], { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(reason.stack, stack);
  });
});
