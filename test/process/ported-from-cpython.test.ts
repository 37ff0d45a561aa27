/**
 * Cases of CPython's own tests of processes (Lib/test/_test_multiprocessing.py, Python Software Foundation Licence), written
 * anew for this library; each names the tests that it comes from. Left out: what is about fork and its parent's memory, group and
 * kwargs, pickling of authentication keys, start methods that do not exist here.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import {
  activeChildren,
  ClosedError,
  cpuCount,
  currentProcess,
  getAllStartMethods,
  getContext,
  getStartMethod,
  Process,
  parentProcess,
  Queue,
  StateError,
  setStartMethod,
} from 'multiproc';
import { watched } from '../watchdog.ts';
import { fixture, run } from './program.ts';

describe('_TestProcess', () => {
  test('test_current: the main process', () => {
    const current = currentProcess();
    assert.ok(current.isAlive());
    assert.ok(!current.daemon);
    assert.equal(current.pid, process.pid);
    assert.equal(current.exitCode, null);
  });

  test('test_args_argument: arguments of any shape arrive equal', async () => {
    const echo = new Queue<unknown>();
    for (const args of [[1], ['a'], [[1, 2]], [{ a: [1] }, null], [], [undefined, -0, 10n]]) {
      const p = new Process({ target: (...args: unknown[]) => echo.putSync(args), args });
      p.start();
      assert.deepEqual(await watched(echo.get()), args);
      await watched(p.join());
    }
  });

  test('test_process: name, arguments and daemon, before the start, while it runs and afterwards', async () => {
    const seen = new Queue<unknown>();
    const gate = new Queue();
    const p = new Process({
      target: (...args: unknown[]) => {
        seen.putSync([args, currentProcess().name, currentProcess().daemon, process.pid]);
        gate.getSync();
      },
      args: [1, 2],
      name: 'SomeProcess',
      daemon: true,
    });
    assert.deepEqual([p.isAlive(), p.daemon, activeChildren().includes(p)], [false, true, false]);
    p.start();
    assert.deepEqual([p.exitCode, p.isAlive(), activeChildren().includes(p)], [null, true, true]);
    assert.deepEqual(await watched(seen.get()), [[1, 2], 'SomeProcess', true, p.pid]);
    gate.putNowait(0);
    await watched(p.join());
    assert.deepEqual([p.exitCode, p.isAlive(), activeChildren().includes(p)], [0, false, false]);
  });

  test('test_parent_process_attributes: none in the main process; the parent’s pid and name in a child', async () => {
    assert.equal(parentProcess(), null);
    const seen = new Queue<unknown>();
    const p = new Process({ target: () => seen.putSync([parentProcess()?.pid, parentProcess()?.name]) });
    p.start();
    assert.deepEqual(await watched(seen.get()), [process.pid, currentProcess().name]);
    await watched(p.join());
  });

  test('test_parent_process: a child sees the death of its parent', async () => {
    const { stdout } = await run(fixture('detached'), { args: ['process.exit'] });
    assert.match(stdout, /alive first: true; after join: false/);
  });

  for (const [name, signal] of [
    ['terminate', constants.signals.SIGTERM],
    ['kill', constants.signals.SIGKILL],
    ['interrupt', constants.signals.SIGINT],
  ] as const) {
    test(`test_${name}: of a sleeping child`, async () => {
      const p = new Process({ target: () => void setInterval(() => {}, 1e6), daemon: true });
      p.start();
      assert.deepEqual([p.isAlive(), activeChildren().includes(p), p.exitCode], [true, true, null]);
      await p.join({ timeout: 0 });
      p.joinSync({ timeout: 0 });
      assert.equal(p.isAlive(), true);
      p[name]();
      await watched(p.join());
      await p.join();
      assert.deepEqual([p.isAlive(), activeChildren().includes(p), p.exitCode], [false, false, -signal]);
    });
  }

  test('test_cpu_count', () => assert.ok(Number.isInteger(cpuCount()) && cpuCount() >= 1));

  test('test_active_children', async () => {
    const gate = new Queue();
    const p = new Process({ target: () => gate.getSync() });
    assert.ok(!activeChildren().includes(p));
    p.start();
    assert.ok(activeChildren().includes(p));
    gate.putNowait(0);
    await watched(p.join());
    assert.ok(!activeChildren().includes(p));
  });

  test('test_recursion: ids arrive in pre-order', async () => {
    const ids = new Queue<number[]>();
    const visit = async (id: number[]) => {
      await ids.put(id);
      if (id.length === 2) return;
      for (let i = 0; i < 2; i++) {
        const p = new Process({ target: visit, args: [[...id, i]] });
        p.start();
        await p.join();
      }
    };
    await visit([]);
    const seen: number[][] = [];
    while (!ids.empty()) seen.push(ids.getNowait());
    assert.deepEqual(seen, [[], [0], [0, 0], [0, 1], [1], [1, 0], [1, 1]]);
  });

  test('test_sentinel', async () => {
    const gate = new Queue();
    const p = new Process({ target: () => gate.getSync() });
    assert.throws(() => p.sentinel, StateError);
    p.start();
    const { sentinel } = p;
    assert.equal(sentinel.isReady(), false);
    gate.putNowait(0);
    await watched(p.join());
    assert.equal(sentinel.isReady(), true);
  });

  test('test_close', async () => {
    const gate = new Queue();
    const p = new Process({ target: () => gate.getSync() });
    p.start();
    assert.throws(() => p.close(), StateError);
    gate.putNowait(0);
    await watched(p.join());
    assert.equal(p.exitCode, 0);
    p.close();
    assert.throws(() => p.isAlive(), ClosedError);
    await assert.rejects(p.join(), ClosedError);
    assert.throws(() => p.terminate(), ClosedError);
    p.close();
  });

  test('test_many_processes: twelve run, twelve are terminated', async () => {
    const spawn = (target: () => void) => {
      const p = new Process({ target });
      p.start();
      return p;
    };
    const short = Array.from({ length: 12 }, () => spawn(() => {}));
    await watched(Promise.all(short.map((p) => p.join())));
    assert.deepEqual([...new Set(short.map((p) => p.exitCode))], [0]);
    const long = Array.from({ length: 12 }, () => spawn(() => void setInterval(() => {}, 1e6)));
    for (const p of long) p.terminate();
    await watched(Promise.all(long.map((p) => p.join())));
    assert.deepEqual([...new Set(long.map((p) => p.exitCode))], [-constants.signals.SIGTERM]);
  });

  test('test_lose_target_ref: what was given to the child may be collected here', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    let given: object | undefined = { big: 1 };
    const ref = new WeakRef(given);
    const p = new Process({ target: (_: unknown) => {}, args: [given] });
    given = undefined;
    p.start();
    await watched(p.join());
    gc();
    assert.equal(ref.deref(), undefined);
  });

  test('test_wait_for_threads: a referenced timer is waited for, one without reference is not', async () => {
    const seen = new Queue<string>();
    const p = new Process({
      target: () => {
        setTimeout(() => seen.putSync('the first'), 20);
        setTimeout(() => seen.putSync('the second'), 1e6).unref();
      },
    });
    p.start();
    await watched(p.join());
    assert.deepEqual([seen.getNowait(), seen.empty()], ['the first', true]);
  });
});

describe('_TestSubclassingProcess', () => {
  test('test_subclassing: a subclass with methods and queues of its own', async () => {
    class UpperCaser extends Process {
      readonly requests = new Queue<string | null>();
      readonly answers = new Queue<string>();
      override async run(): Promise<void> {
        for (;;) {
          const text = await this.requests.get();
          if (text === null) return;
          await this.answers.put(text.toUpperCase());
        }
      }
      submit(text: string): Promise<string> {
        this.requests.putNowait(text);
        return this.answers.get();
      }
    }
    const p = new UpperCaser({ daemon: true });
    p.start();
    assert.equal(await watched(p.submit('hello')), 'HELLO');
    assert.equal(await watched(p.submit('world')), 'WORLD');
    p.requests.putNowait(null);
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('test_stderr_flush: a whole traceback, and exit code 1', async () => {
    const { stderr, stdout } = await run(fixture('uncaught/cause'));
    assert.equal(stdout, '1\n');
    assert.match(stderr, /Error: on top\n {4}at .*cause\.js:\d+:\d+[\s\S]*\[cause\]: Error: below\n {6}at /);
  });

  test('test_sys_exit: exit codes', async () => {
    for (const [code, expected] of [
      [8, 8],
      [0, 0],
      [undefined, 0],
      ['3', 3],
    ] as const) {
      const p = new Process({ target: (code: number) => process.exit(code), args: [code as number] });
      p.start();
      await watched(p.join());
      assert.equal(p.exitCode, expected);
    }
  });
});

describe('_TestAtExit', () => {
  test('test_atexit: an exit handler runs', async () => {
    const seen = new Queue<number>();
    const p = new Process({ target: () => void process.on('exit', () => seen.putSync(1234)) });
    p.start();
    await watched(p.join());
    assert.equal(seen.getNowait(), 1234);
  });
});

describe('TestFlags', () => {
  test('test_flags: a grandchild has the parent’s options', async () => {
    const execArgv = ['--stack-trace-limit=7', '--no-warnings'];
    const { stdout } = await run(fixture('flags'), { execArgv });
    assert.deepEqual(
      stdout.trim().split('\n'),
      [0, 1].map(() => `${JSON.stringify(execArgv)} undefined undefined`),
    );
  });
});

describe('TestStartMethod', () => {
  test('test_set_get, test_get_all: the start method can be asked for and set', () => {
    assert.ok(getAllStartMethods().includes('spawn'));
    assert.equal(getStartMethod(), 'spawn');
    setStartMethod('spawn');
    assert.equal(getStartMethod(), 'spawn');
    assert.throws(() => setStartMethod('fork' as never), RangeError);
  });

  test('test_context: a context has the whole API bound to its method', async () => {
    const context = getContext('spawn');
    assert.equal(context.getStartMethod(), 'spawn');
    const answers = new context.Queue<string>();
    const p = new context.Process({ target: () => answers.putSync('from the context') });
    p.start();
    assert.equal(await watched(answers.get()), 'from the context');
    await watched(p.join());
    assert.throws(() => getContext('fork' as never), RangeError);
  });
});
