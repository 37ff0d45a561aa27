import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe } from 'node:test';
import { ClosedError, cpuCount, Pool, Process, Queue, StateError } from 'multiproc';
import { test } from '../cases.ts';
import { run, runs, start, until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { all, errorOf, lives, poolOf } from './pools.ts';

const fixture = (name: string): string => resolve(`build/test/pool/fixtures/${name}.js`);

describe('terminate', () => {
  test('terminate with 10,000 long tasks waiting rejects all, and leaves no worker', async () => {
    const pool = poolOf(2);
    const forever = () => {
      for (;;);
    };
    const started = new Queue<number>();
    const tasks = Array.from({ length: 10_000 }, () => pool.apply(forever));
    const first = pool.apply(() => started.put(1), [], { priority: 1 });
    const settled = Promise.allSettled([...tasks, first]);
    const { pids } = pool;
    pool.terminate();
    for (const result of await watched(settled)) {
      assert.equal(result.status, 'rejected');
      assert(result.reason instanceof ClosedError);
    }
    await watched(pool.join());
    assert(pids.every((pid) => !runs(pid)));
    assert.deepEqual(pool.pids, []);
    assert.equal(pool.stats().outstanding, 0);
  });

  test('terminate, close and join may be repeated, in any order', async () => {
    const pool = poolOf(1);
    await lives(pool);
    pool.close();
    pool.close();
    await watched(pool.join());
    await watched(pool.join());
    pool.terminate();
    pool.terminate();
    pool.close();
    await watched(pool.join());
  });

  test('terminate ends a pool that never had a task', async () => {
    const pool = poolOf(1);
    pool.terminate();
    await watched(pool.join());
    assert.equal(pool.stats().started, 0);
  });

  test('terminate may be called from a callback', async () => {
    const pool = poolOf(1);
    const done = new Promise((resolve) => {
      pool.applyAsync(() => 1, [], { callback: () => resolve(pool.terminate()) });
    });
    await watched(done);
    await watched(pool.join());
  });
});

describe('close and join', () => {
  for (const maxTasksPerChild of [1, 1000]) {
    test(`close and join finish everything, with maxTasksPerChild ${maxTasksPerChild}`, async () => {
      const pool = poolOf({ processes: 2, maxTasksPerChild });
      const results = Array.from({ length: 12 }, (_, i) => pool.applyAsync((n: number) => n * n, [i]));
      pool.close();
      await watched(pool.join());
      assert(results.every((result) => result.ready() && result.successful()));
      assert.deepEqual(
        await Promise.all(results),
        results.map((_, i) => i * i),
      );
    });
  }

  test('every method refuses a new task after close, at once', async () => {
    const pool = poolOf(1);
    pool.close();
    const f = (n: number) => n;
    await assert.rejects(pool.apply(f, [1]), ClosedError);
    await assert.rejects(pool.map(f, [1]), ClosedError);
    await assert.rejects(pool.map(f, []), ClosedError);
    await assert.rejects(pool.starmap(f, [[1]]), ClosedError);
    await assert.rejects(
      pool.mapChunks((c: number[]) => c, [1]),
      ClosedError,
    );
    await assert.rejects(pool.wrap(f)(1), ClosedError);
    for (const call of [
      () => pool.applyAsync(f, [1]),
      () => pool.mapAsync(f, [1]),
      () => pool.starmapAsync(f, [[1]]),
      () => pool.imap(f, [1]),
      () => pool.imapUnordered(f, [1]),
      () => pool.applySync(f, [1]),
      () => pool.mapSync(f, [1]),
    ]) {
      assert.throws(call, ClosedError);
    }
  });

  test('an unknown option is refused', () => {
    assert.throws(() => new Pool({ proceses: 2 } as never), /Pool has no option "proceses": there are processes/);
  });

  test('join of an open pool is a StateError', async () => {
    await assert.rejects(poolOf(1).join(), StateError);
  });

  test('a join that reaches its time-out resolves', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const held = pool.apply(() => gate.get());
    pool.close();
    await watched(pool.join({ timeout: 1 }));
    gate.putNowait(3);
    assert.equal(await watched(held), 3);
    await watched(pool.join());
  });

  test('leaving a block with `await using` finishes the work', async () => {
    let result: PromiseLike<number>;
    {
      await using pool = new Pool(1);
      result = pool.applyAsync((n: number) => n + 1, [1]);
    }
    assert.equal(await result, 2);
  });

  test('tasks submitted before close finish, those of a generator too', async () => {
    const pool = poolOf(1);
    const items = function* () {
      yield 1;
      yield 2;
    };
    const results = [pool.map((n: number) => -n, items()), pool.mapAsync((n: number) => -n, items())];
    pool.close();
    assert.deepEqual(await watched(Promise.all(results)), [
      [-1, -2],
      [-1, -2],
    ]);
    const broken = function* () {
      yield 1;
      throw new Error('the input is over');
    };
    await assert.rejects(Promise.resolve(poolOf(1).mapAsync((n: number) => n, broken())), /the input is over/);
    await watched(pool.join());
  });

  test('an iteration that has begun goes on after close, read before or after join', async () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    for (const late of [false, true]) {
      const pool = poolOf(2);
      const results = pool.imap((n: number) => n, items);
      pool.close();
      const joined = pool.join();
      if (late) await watched(joined);
      assert.deepEqual(await watched(all(results)), items);
      await watched(joined);
    }
  });
});

describe('a program', () => {
  test('a program that forgets its pool ends with its own exit code', async () => {
    const { code, stderr } = await run(fixture('forgotten'));
    assert.deepEqual([code, stderr], [7, '']);
  });

  test('a pool that was closed or terminated and forgotten without a join gives its memory back', async () => {
    for (const end of ['close', 'terminate']) {
      const { stdout, stderr } = await run(fixture('ended-and-forgotten'), { args: [end], execArgv: ['--expose-gc'] });
      assert.deepEqual([stdout, stderr], ['given back\n', '']);
    }
  });

  test('a program that joins a terminated pool, or terminates a joined one, goes on afterwards', async () => {
    for (const order of ['terminate first', 'join first']) {
      const { code, stdout, stderr } = await run(fixture('terminated-and-joined'), { args: [order] });
      assert.deepEqual([code, stdout, stderr], [0, 'joined\n', '']);
    }
  });

  test('a program prints at its end the errors that were never read', async () => {
    const { code, stdout, stderr } = await run(fixture('unobserved'));
    assert.deepEqual([code, stdout], [0, 'goes on\n']);
    assert.match(stderr, /its result was never read: Error: nobody looks/);
  });

  test('a program prints an error as soon as it cannot be read any more', async () => {
    const { code, stdout, stderr } = await run(fixture('unreachable'), { execArgv: ['--expose-gc'] });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^A task of a Pool failed, and its result was never read: Error: nobody can look/);
  });

  test('an error that is read later is not printed', async () => {
    assert.deepEqual(await run(fixture('looks-later'), { execArgv: ['--expose-gc'] }), {
      ...{ code: 0, signal: null },
      ...{ stdout: '30\n', stderr: '' },
    });
  });

  test('only the first unread errors are kept', async () => {
    const { code, stdout, stderr } = await run(fixture('many-unobserved'), { execArgv: ['--max-old-space-size=64'] });
    assert.deepEqual([code, stdout], [0, 'goes on\n']);
    assert.equal(stderr.match(/its result was never read: Error: failure/g)?.length, 20);
    assert.match(stderr, /… and 180 more tasks\.\n$/);
  });

  test('a callback that throws becomes a warning, and the pool goes on', async () => {
    const { code, stdout } = await run(fixture('callback-throws'));
    assert.equal(code, 0);
    const said = 'A callback of a Pool threw: Error: from the callback';
    assert.deepEqual(stdout.trim().split('\n').sort(), ['1', '2', said, said]);
  });

  test('pools that are nested too deeply get a clear error', async () => {
    const { stdout } = await run(fixture('nested-too-deep'));
    assert.match(stdout, /ERR_STATE Pools are nested 8 deep/);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`a program that is ended by ${signal} leaves no worker behind, busy, idle or nested`, async () => {
      const program = start(fixture('orphans'));
      const pids = (await program.said('workers:')).split(' ').map(Number);
      assert.equal(pids.filter(runs).length, 3);
      program.kill(signal);
      await program.ended;
      await until(() => !pids.some(runs));
    });
  }

  /** Runs the fixture in a process group of its own, and signals the group as a terminal does. */
  async function interrupt(times: number, what = 'interrupted'): Promise<{ code: number | null; lines: string[] }> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const args = [fixture(what)];
    const child = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env });
    let stdout = '';
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    let sent = 0;
    const signal = () => {
      if (child.exitCode !== null) return;
      process.kill(-child.pid!, 'SIGINT');
      sent++;
      if (times === 1) child.stdin.write('go');
      // Signals of one kind that come at once are one.
      else setTimeout(signal, 100);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      if (sent === 0 && stdout.includes('started')) signal();
    });
    child.stdin.on('error', () => {});
    const code = await watched(new Promise<number | null>((resolve) => child.once('close', resolve)), child.pid, () =>
      process.kill(-child.pid!, 'SIGKILL'),
    );
    // No traceback of anybody in the terminal.
    assert.equal(stderr, '');
    return { code, lines: stdout.trim().split('\n').sort() };
  }

  test('after one Ctrl-C a program finishes its tasks and ends with 130', async () => {
    const { code, lines } = await interrupt(1);
    assert.equal(code, 130);
    assert.deepEqual(lines, ['done 1', 'done 2', 'done 3', 'done 4', 'started']);
  });

  test('a program whose pools have no tasks ends at the first Ctrl-C', async () => {
    const { code, lines } = await interrupt(1, 'interrupted-idle');
    assert.deepEqual([code, lines], [130, ['started']]);
  });

  test('after a second Ctrl-C a program ends at once', async () => {
    const { code, lines } = await interrupt(2);
    assert.equal(code, 130);
    assert.deepEqual(lines, ['started']);
  });
});

describe('several pools', () => {
  test('several pools do not disturb each other', async () => {
    const [a, b] = [poolOf(1), poolOf(1)];
    const lost = errorOf(a.apply(() => process.exit(9)));
    assert.equal(await watched(b.apply(() => 'b')), 'b');
    await lost;
    a.terminate();
    await lives(b);
  });

  test('the default size of a pool is the number of usable CPUs', () => {
    assert.equal(new Pool().size, cpuCount());
  });

  test('terminate also ends the processes that tasks have started', async () => {
    const pool = poolOf(1);
    const pids = new Queue<number>();
    const task = () => {
      const spin = () => {
        pids.putSync(process.pid);
        for (;;);
      };
      new Process({ target: spin, daemon: false }).start();
      new Pool(1).apply(spin).catch(() => {});
      return new Promise(() => setTimeout(() => {}, 1e6));
    };
    pool.apply(task).catch(() => {});
    const inner = [await watched(pids.get()), await watched(pids.get())];
    assert.ok(inner.every(runs));
    pool.terminate();
    await watched(pool.join());
    await until(() => !inner.some(runs));
  });

  test('a pool inside a task works', async () => {
    const pool = poolOf(1);
    const squares = await watched(
      pool.apply(async () => {
        await using inner = new Pool(2);
        return inner.map((n: number) => n * n, [1, 2, 3]);
      }),
    );
    assert.deepEqual(squares, [1, 4, 9]);
  });
});

test('work that was submitted before the block is left finishes, that of a generator too', async () => {
  const squares = async (items: Iterable<number>) => {
    await using pool = poolOf(1);
    return pool.map((x: number) => x * x, items);
  };
  assert.deepEqual(await watched(squares([1, 2, 3])), [1, 4, 9]);
  assert.deepEqual(await watched(squares(new Set([4, 5]).values())), [16, 25]);
});
