import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Queue, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { here } from '../here.ts';
import { until } from '../process/program.ts';
import { random } from '../seeded.ts';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

/** Runs until it is stopped. */
const forever = () => {
  for (;;);
};

/** Has the only worker wait until something is in the gate; answers how to wait for that. */
async function holdUp(pool: ReturnType<typeof poolOf>, gate: Queue<number>): Promise<() => Promise<number>> {
  const said = new Queue<number>();
  const held = pool.apply(async () => {
    await said.put(1);
    return gate.get();
  });
  await watched(said.get());
  return () => watched(held);
}

describe('timeout', () => {
  test('a time-out ends a running task with its worker, and nothing else', async () => {
    const pool = poolOf(2);
    const gate = new Queue<number>();
    const other = pool.apply(() => gate.get());
    const error = await errorOf(pool.apply(forever, [], { timeout: 30 }));
    assert(error instanceof TimeoutError, String(error));
    assert.match(error.message, /forever\(\).*30 ms/);
    await lives(pool);
    gate.putNowait(7);
    assert.equal(await watched(other), 7);
    await until(() => pool.stats().lost === 1);
  });

  test('a time-out sends SIGTERM before SIGKILL, and replaces the worker meanwhile', async () => {
    const pool = poolOf(1);
    const said = new Queue<string>();
    /** Has the task stopped once it has said who runs it; what else it says is in the queue then. */
    const stop = async (task: () => unknown): Promise<number> => {
      const timeout = new AbortController();
      const outcome = errorOf(pool.apply(task, [], { signal: timeout.signal }));
      const pid = Number(await watched(said.get()));
      const { started } = pool.stats();
      timeout.abort(new TimeoutError('for a test'));
      assert.equal(pool.stats().started, started + 1, 'the next one starts at once');
      assert((await outcome) instanceof TimeoutError);
      return pid;
    };
    const cleanly = () => {
      process.on('SIGTERM', () => {
        said.putSync(`cleaned up ${process.pid}`);
        process.exit(0);
      });
      said.putSync(String(process.pid));
      return new Promise((resolve) => setTimeout(resolve, 1e6));
    };
    const pid = await stop(cleanly);
    assert.equal(await watched(said.get()), `cleaned up ${pid}`);
    const stubbornly = () => {
      process.on('SIGTERM', () => said.putSync('no'));
      said.putSync(String(process.pid));
      return new Promise((resolve) => setTimeout(resolve, 1e6));
    };
    const other = await stop(stubbornly);
    assert.equal(await watched(said.get()), 'no');
    assert.notEqual(await watched(pool.apply(() => process.pid)), other);
    await until(() => !existsSync(`/proc/${other}`));
  });

  test('a time-out counts from the start of the task, not from its submission', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const held = await holdUp(pool, gate);
    const waiting = pool.apply(() => 'in time', [], { timeout: 1000 });
    // More than its time passes while it waits.
    await sleep(1100);
    gate.putNowait(1);
    await held();
    assert.equal(await watched(waiting), 'in time');
  });

  test('a task that timed out is not retried', async () => {
    const pool = poolOf(1);
    const starts = new Queue<number>();
    const task = async () => {
      await starts.put(1);
      await new Promise((resolve) => setTimeout(resolve, 1e6));
    };
    assert((await errorOf(pool.apply(task, [], { timeout: 50, retries: 3 }))) instanceof TimeoutError);
    await lives(pool);
    // On a slow machine it is over before the task can say so.
    assert(starts.qsize() <= 1);
  });

  test('a time-out holds for a chunk of map', async () => {
    const pool = poolOf(1);
    const stuck = (n: number) => (n === 2 ? forever() : n);
    assert((await errorOf(pool.map(stuck, [1, 2, 3], { chunksize: 1, timeout: 200 }))) instanceof TimeoutError);
    await lives(pool);
  });

  test('a time-out holds for a call that blocks the thread', () => {
    const pool = poolOf(1);
    assert.throws(() => pool.applySync(forever, [], { timeout: 50 }), TimeoutError);
    assert.equal(pool.applySync(Math.max, [1, 2]), 2);
  });

  test('an invalid time-out is refused', async () => {
    const pool = poolOf(1);
    for (const timeout of [-1, Number.NaN]) {
      await assert.rejects(
        pool.apply(() => 0, [], { timeout }),
        RangeError,
      );
      assert.throws(() => pool.applyAsync(() => 0, [], { timeout }), RangeError);
    }
  });
});

describe('signal', () => {
  test('a waiting task whose signal is aborted never starts', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const started = new Queue<string>();
    const held = await holdUp(pool, gate);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 20 }, () => errorOf(pool.apply(() => started.put('no'), [], { signal })));
    controller.abort(new Error('not needed'));
    for (const error of await Promise.all(waiting)) assert.match(String(error), /not needed/);
    gate.putNowait(1);
    await held();
    await lives(pool);
    assert.equal(started.qsize(), 0);
    assert.equal(pool.stats().lost, 0);
  });

  test('an abort ends and replaces the worker of a running task', async () => {
    const pool = poolOf(1);
    const said = new Queue<string>();
    const controller = new AbortController();
    const running = errorOf(
      pool.apply(
        () => {
          said.putSync(here());
          for (;;);
        },
        [],
        { signal: controller.signal, retries: 5 },
      ),
    );
    const pid = await watched(said.get());
    controller.abort('enough');
    assert.equal(await running, 'enough');
    assert.notEqual(await watched(pool.apply(here)), pid);
    assert.equal(said.qsize(), 0);
  });

  test('a signal that is aborted already starts no task', async () => {
    const pool = poolOf(1);
    const signal = AbortSignal.abort('before');
    assert.equal(await errorOf(pool.apply(() => 0, [], { signal })), 'before');
    assert.equal(await errorOf(pool.map((x) => x, [1], { signal })), 'before');
    assert.equal(pool.stats().started, 0);
  });

  test('a race of finish and abort harms no other task, in hundreds of rounds', async (t) => {
    const pool = poolOf(2);
    const seed = Date.now() % 1e6;
    t.diagnostic(`seed ${seed}`);
    const next = random(seed);
    let aborted = 0;
    for (let round = 0; round < 300; round++) {
      const controller = new AbortController();
      const risky = pool
        .apply((n: number) => n, [round], { signal: controller.signal })
        .then(
          (n) => assert.equal(n, round),
          (error) => {
            assert.equal(error, 'stop');
            aborted++;
          },
        );
      const innocent = pool.apply((n: number) => -n, [round]);
      const until = performance.now() + next() * 0.3;
      while (performance.now() < until) await turn();
      controller.abort('stop');
      assert.equal(await watched(innocent), -round);
      await watched(risky);
    }
    t.diagnostic(`${aborted} were aborted, ${pool.stats().lost} workers were ended`);
    await lives(pool);
  });
});

describe('priority', () => {
  /** The order in which tasks of these priorities run in one worker. */
  async function orderOf(priorities: number[]): Promise<number[]> {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const held = await holdUp(pool, gate);
    const order = new Queue<number>();
    const all = priorities.map((priority, i) => pool.apply((i: number) => order.put(i), [i], { priority }));
    gate.putNowait(1);
    await held();
    await watched(Promise.all(all));
    pool.terminate();
    return order.getMany(priorities.length);
  }

  const sorted = (priorities: number[]) =>
    priorities
      .map((priority, i) => ({ priority, i }))
      .sort((a, b) => b.priority - a.priority || a.i - b.i)
      .map(({ i }) => i);

  test('a bigger priority starts first, equal ones in order of submission', async () => {
    const priorities = [0, 1, -1, 5, 0, 1, Number.POSITIVE_INFINITY, 0.5, 5, Number.NEGATIVE_INFINITY];
    assert.deepEqual(await orderOf(priorities), sorted(priorities));
  });

  test('the order holds with more priorities than the board has room for', async () => {
    const up = Array.from({ length: 100 }, (_, i) => i % 50);
    for (const priorities of [up, up.toReversed(), up.map((p, i) => (p * 37 + i * 11) % 97)]) {
      assert.deepEqual(await orderOf(priorities), sorted(priorities));
    }
  });

  test('the order holds with more tasks than the board has room for', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const held = await holdUp(pool, gate);
    const order = new Queue<number>();
    const many = pool.mapAsync(
      (n: number) => n,
      Array.from({ length: 70_000 }, (_, i) => i),
      { chunksize: 1 },
    );
    const low = pool.apply(() => order.put(-1), [], { priority: -1 });
    const high = pool.apply(() => order.put(1), [], { priority: 1 });
    gate.putNowait(1);
    await held();
    await watched(high);
    assert.equal(many.ready(), false);
    assert.equal((await watched(many.get())).at(-1), 69_999);
    await watched(low);
    assert.deepEqual(await order.getMany(2), [1, -1]);
  });

  test('cancelled tasks in the middle of a lane are skipped', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const held = await holdUp(pool, gate);
    const results = Array.from({ length: 80 }, (_, i) => pool.applyAsync((i: number) => i, [i], { priority: i }));
    for (const [i, result] of results.entries()) if (i % 2 === 0) result.cancel();
    gate.putNowait(1);
    await held();
    for (const [i, result] of results.entries()) {
      if (i % 2 === 1) assert.equal(await watched(result.get()), i);
      else assert.equal(((await errorOf(result.get())) as Error).name, 'AbortError');
    }
    await lives(pool);
    assert.equal(pool.stats().outstanding, 0);
  });
});

describe('concurrency', () => {
  test('a worker runs as many tasks at once as concurrency allows', async () => {
    const pool = poolOf({ processes: 1, concurrency: 3 });
    const seen = new Queue<number>();
    const gate = new Queue<number>();
    const tasks = [1, 2, 3, 4].map((n) =>
      pool.apply(
        async (n: number) => {
          await seen.put(n);
          return n + (await gate.get());
        },
        [n],
      ),
    );
    const first = [await watched(seen.get()), await watched(seen.get()), await watched(seen.get())];
    assert.deepEqual(first.sort(), [1, 2, 3]);
    for (let i = 0; i < 4; i++) gate.putNowait(10);
    assert.deepEqual(await watched(Promise.all(tasks)), [11, 12, 13, 14]);
    assert.equal(pool.stats().started, 1);
  });

  test('ending one of several tasks leaves the others alone, and the worker is replaced', async () => {
    const pool = poolOf({ processes: 1, concurrency: 2 });
    const seen = new Queue<string>();
    const gate = new Queue<number>();
    const task = async (n: number) => {
      await seen.put(here());
      return n + (await gate.get());
    };
    const controller = new AbortController();
    const stuck = errorOf(
      pool.apply(
        async () => {
          await seen.put(here());
          await new Promise(() => setInterval(() => {}, 1e6));
        },
        [],
        { signal: controller.signal },
      ),
    );
    const other = pool.apply(task, [1]);
    const pid = await watched(seen.get());
    assert.equal(await watched(seen.get()), pid);
    controller.abort('stop');
    assert.equal(await stuck, 'stop');
    // The old worker still has one, the new one takes the next.
    const next = await watched(pool.apply(here));
    assert.notEqual(next, pid);
    gate.putNowait(5);
    assert.equal(await watched(other), 6);
    await until(() => pool.stats().lost === 1);
  });

  test('maxTasksPerChild holds for all tasks of a worker together', async () => {
    const pool = poolOf({ processes: 1, concurrency: 4, maxTasksPerChild: 2 });
    const pids = await watched(pool.map(async () => here(), [1, 2, 3, 4, 5, 6], { chunksize: 1 }));
    for (const pid of pids) assert.equal(pids.filter((other) => other === pid).length, 2);
  });
});

describe('workers are replaced', () => {
  test('workers are replaced after maxTasksPerChild tasks', async () => {
    const pool = poolOf({ processes: 2, maxTasksPerChild: 1 });
    const pids = await watched(pool.map(here, [1, 2, 3, 4, 5, 6], { chunksize: 1 }));
    assert.equal(new Set(pids).size, 6);
    assert.equal(pool.stats().lost, 0);
  });

  test('workers are replaced when they have grown beyond maxMemoryPerChild, but not before they have done a task', async () => {
    const pool = poolOf({ processes: 1, maxMemoryPerChild: 1 });
    const pids = await watched(pool.map(here, [1, 2, 3], { chunksize: 1 }));
    assert.equal(new Set(pids).size, 3);
    const roomy = poolOf({ processes: 1, maxMemoryPerChild: 2 ** 40 });
    assert.equal(new Set(await watched(roomy.map(here, [1, 2, 3], { chunksize: 1 }))).size, 1);
  });
});

describe('a worker', () => {
  test('a worker turns its event loop while tasks stream through', async () => {
    const pool = poolOf(1);
    const fired = new Queue<string>();
    await pool.apply(() => void setTimeout(() => fired.putSync('fired'), 5));
    let tasks = 0;
    while (fired.empty()) {
      await watched(
        pool.map(
          (n: number) => n,
          Array.from({ length: 2000 }, (_, i) => i),
          { chunksize: 1 },
        ),
      );
      tasks += 2000;
      assert(tasks < 1e6, 'the timer never fired');
    }
  });

  test('a worker decodes a function once, and sees variables that changed in between', async () => {
    const pool = poolOf(1);
    let factor = 2;
    const multiply = (n: number) => n * factor;
    assert.equal(await pool.apply(multiply, [10]), 20);
    factor = 3;
    assert.equal(await pool.apply(multiply, [10]), 30);
    assert.deepEqual(await pool.map(multiply, [1, 2]), [3, 6]);
    const table = { used: 0 };
    const count = () => ++table.used;
    assert.deepEqual(await pool.map(count, [1, 2, 3], { chunksize: 1 }), [1, 2, 3]);
  });

  test('a worker keeps a slow task from holding others back', async () => {
    const pool = poolOf(2);
    const gate = new Queue<number>();
    const slow = pool.apply(() => gate.get());
    assert.deepEqual(await watched(pool.map((n: number) => n, [1, 2, 3, 4], { chunksize: 1 })), [1, 2, 3, 4]);
    gate.putNowait(1);
    await watched(slow);
  });
});
