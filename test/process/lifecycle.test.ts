import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe } from 'node:test';
import {
  activeChildren,
  ClosedError,
  Lock,
  Process,
  Queue,
  registerClass,
  SerializationError,
  StateError,
} from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { childrenOf, runs, stateOf, until } from './program.ts';

/** Runs a target to its end; answers the exit code. */
async function exitCodeOf(target: (...args: never[]) => unknown, args: unknown[] = []): Promise<number | null> {
  const p = new Process({ target: target as () => unknown, args: args as [] });
  p.start();
  await watched(p.join());
  return p.exitCode;
}

function sleeper(): Process {
  const p = new Process({ target: () => void setInterval(() => {}, 1e6), daemon: true });
  p.start();
  return p;
}

describe('the life of a process', () => {
  test('a process says what it is before the start, while it runs, and after its end', async () => {
    const gate = new Queue<string>();
    const p = new Process({ target: async () => void (await gate.get()) });
    assert.deepEqual([p.pid, p.exitCode, p.isAlive(), activeChildren()], [undefined, null, false, []]);
    p.start();
    assert.equal(typeof p.pid, 'number');
    assert.deepEqual([p.exitCode, p.isAlive(), activeChildren()], [null, true, [p]]);
    gate.putNowait('go');
    await watched(p.join());
    assert.deepEqual([p.exitCode, p.isAlive(), activeChildren()], [0, false, []]);
  });

  test('join resolves for many waiters, and again after the end', async () => {
    const gate = new Queue();
    const p = new Process({ target: () => gate.getSync() });
    p.start();
    const joins = Array.from({ length: 20 }, () => p.join());
    gate.putNowait(0);
    await watched(Promise.all(joins));
    await p.join();
    p.joinSync();
    assert.equal(p.exitCode, 0);
  });

  test('join resolves only when the process has ended', async () => {
    const p = new Process({ target: () => {} });
    p.start();
    await watched(p.join());
    assert.equal(runs(p.pid as number), false);
    const q = new Process({ target: () => {} });
    q.start();
    q.joinSync();
    assert.equal(runs(q.pid as number), false);
  });

  test('joinSync shows pid and exit code without a turn of the event loop, and leaves no zombie', async () => {
    const p = new Process({ target: () => process.exit(5) });
    p.start();
    p.joinSync();
    const { pid, exitCode } = p;
    assert.deepEqual([typeof pid, exitCode, p.isAlive()], ['number', 5, false]);
    await until(() => stateOf(pid as number) === '-');
  });

  test('isAlive and exitCode change without a turn of the event loop', () => {
    const p = new Process({ target: () => process.exit(7) });
    p.start();
    assert.equal(p.isAlive(), true);
    while (p.isAlive());
    assert.equal(p.exitCode, 7);
  });

  test('a join that runs out of time is no error', async () => {
    const p = sleeper();
    await p.join({ timeout: 0 });
    await p.join({ timeout: 5 });
    p.joinSync({ timeout: 0 });
    p.joinSync({ timeout: 5 });
    assert.deepEqual([p.isAlive(), p.exitCode], [true, null]);
    p.kill();
    await watched(p.join());
    assert.equal(p.exitCode, -constants.signals.SIGKILL);
  });

  test('an aborted join rejects with the reason, and the process goes on', async () => {
    const p = sleeper();
    const reason = new Error('enough');
    await assert.rejects(p.join({ signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const join = p.join({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(join, reason);
    assert.equal(p.isAlive(), true);
    p.kill();
    await watched(p.join({ signal: new AbortController().signal }));
    await assert.rejects(p.join({ signal: controller.signal }), reason);
  });

  test('the sentinel of a process becomes ready at the end', async () => {
    const gate = new Queue();
    const p = new Process({ target: () => gate.getSync() });
    assert.throws(() => p.sentinel, StateError);
    p.start();
    const { sentinel } = p;
    assert.equal(p.sentinel, sentinel);
    assert.equal(sentinel.isReady(), false);
    let unwanted = 0;
    const stop = sentinel.onReady(() => unwanted++);
    stop();
    const ready = new Promise<void>((resolve) => void sentinel.onReady(resolve));
    gate.putNowait(0);
    const keepAlive = p.join();
    await watched(ready);
    assert.deepEqual([sentinel.isReady(), unwanted], [true, 0]);
    await keepAlive;
    let late = 0;
    sentinel.onReady(() => late++);
    assert.equal(late, 1);
  });
});

describe('exit codes', () => {
  test('the exit code is 0 at a normal end', async () => {
    assert.equal(await exitCodeOf(() => {}), 0);
    assert.equal(await exitCodeOf(() => 'a result is nobody’s business'), 0);
    assert.equal(await exitCodeOf(async () => false), 0);
  });

  test('the exit code is N after process.exit(N), also from an async target', async () => {
    assert.equal(await exitCodeOf(() => process.exit(3)), 3);
    assert.equal(await exitCodeOf(() => process.exit(0)), 0);
    const late = async () => {
      await new Promise(setImmediate);
      process.exit(255);
    };
    assert.equal(await exitCodeOf(late), 255);
  });

  test('the exit code is N where the target leaves it in process.exitCode', async () => {
    assert.equal(await exitCodeOf(() => void (process.exitCode = 9)), 9);
  });

  test('the exit code is -N for signal N', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGABRT', 'SIGSEGV'] as const) {
      const suicide = (signal: NodeJS.Signals) => {
        process.kill(process.pid, signal);
        for (;;);
      };
      assert.equal(await exitCodeOf(suicide, [signal]), -constants.signals[signal], signal);
    }
  });

  test('joinSync leaves the exit code that join leaves', () => {
    for (const [target, code] of [
      [() => process.exit(3), 3],
      [() => process.kill(process.pid, 'SIGKILL'), -9],
      [() => {}, 0],
    ] as const) {
      const p = new Process({ target });
      p.start();
      p.joinSync();
      assert.equal(p.exitCode, code);
    }
  });
});

describe('signals', () => {
  test('interrupt, terminate and kill end a process, and do nothing afterwards', async () => {
    for (const [name, code] of [
      ['interrupt', -2],
      ['terminate', -15],
      ['kill', -9],
    ] as const) {
      const p = sleeper();
      p[name]();
      await watched(p.join());
      assert.equal(p.exitCode, code, name);
      p[name]();
      p[name]();
      await p.join();
      assert.deepEqual([p.exitCode, activeChildren()], [code, []]);
    }
  });

  test('a target may handle signals', async () => {
    const ready = new Queue<string>();
    const p = new Process({
      target: async () => {
        const signal = new Promise((resolve) => process.once('SIGINT', resolve));
        const alive = setInterval(() => {}, 1e6);
        await ready.put('ready');
        await signal;
        clearInterval(alive);
        process.exitCode = 42;
      },
    });
    p.start();
    await watched(ready.get());
    p.interrupt();
    await watched(p.join());
    assert.equal(p.exitCode, 42);
  });

  test('a signal that arrives before the target runs ends the process too', async () => {
    const lock = new Lock();
    lock.acquireSync();
    // Its argument cannot be read before the lock is free, so the target does not run however quick the process is.
    class Gate {}
    const decode = (key: Lock): Gate => {
      key.acquireSync();
      return new Gate();
    };
    registerClass(Gate, { encode: () => lock, decode });
    const p = new Process({ target: (_: Gate) => {}, args: [new Gate()] });
    p.start();
    p.kill();
    await watched(p.join());
    assert.equal(p.exitCode, -9);
  });

  test('a process that ends is no zombie, though nobody joins it', async () => {
    const p = new Process();
    p.start();
    const pid = p.pid as number;
    await until(() => stateOf(pid) === '-');
    assert.equal(p.exitCode, 0);
  });

  test('terminate ends what a busy process has started', async () => {
    const pids = new Queue<number>();
    const p = new Process({
      target: () => {
        const busy = new Process({
          target: () => {
            pids.putSync(process.pid);
            for (;;);
          },
        });
        busy.start();
        for (;;);
      },
    });
    p.start();
    const pid = await watched(pids.get());
    p.terminate();
    await watched(p.join());
    await until(() => !runs(pid));
  });
});

describe('what may be done when', () => {
  test('a process is started once', async () => {
    const p = new Process({ target: () => {} });
    p.start();
    assert.throws(() => p.start(), StateError);
    await watched(p.join());
    assert.throws(() => p.start(), StateError);
  });

  test('before the start only the start and the setters are possible', async () => {
    const p = new Process({ target: () => {} });
    await assert.rejects(p.join(), StateError);
    for (const early of [
      () => p.joinSync(),
      () => p.interrupt(),
      () => p.terminate(),
      () => p.kill(),
      () => p.sentinel,
    ]) {
      assert.throws(early, StateError);
    }
    p.name = 'named';
    p.daemon = true;
    assert.deepEqual([p.name, p.daemon], ['named', true]);
    p.start();
    assert.throws(() => (p.daemon = false), StateError);
    p.name = 'renamed';
    assert.equal(p.name, 'renamed');
    await watched(p.join());
  });

  test('only a process that has ended may be closed; then it is closed for good', async () => {
    const p = sleeper();
    assert.throws(() => p.close(), StateError);
    assert.equal(p.isAlive(), true);
    p.kill();
    await watched(p.join());
    p.close();
    p.close();
    await assert.rejects(p.join(), ClosedError);
    for (const late of [
      () => p.isAlive(),
      () => p.joinSync(),
      () => p.start(),
      () => p.run(),
      () => p.kill(),
      () => p.pid,
      () => p.exitCode,
      () => p.sentinel,
      () => p.name,
      () => p.daemon,
    ]) {
      assert.throws(late, ClosedError);
    }
    const never = new Process();
    never.close();
    assert.throws(() => never.start(), ClosedError);
  });

  test('wrong arguments of a process are refused where they are given', async () => {
    assert.throws(() => new Process({ target: 'ls' as never }), TypeError);
    assert.throws(() => new Process({ target: null as never }), TypeError);
    assert.throws(() => new Process({ args: 'abc' as never }), TypeError);
    assert.throws(() => new Process({ args: { length: 1 } as never }), TypeError);
    assert.throws(() => new Process({ name: 1 as never }), TypeError);
    assert.throws(() => new Process({ env: 'A=1' as never }), TypeError);
    assert.throws(() => new Process({ traget: () => {} } as never), /no option "traget": there are target, args/);
    const p = sleeper();
    assert.throws(() => ((p as { name: unknown }).name = 1), TypeError);
    for (const timeout of [-1, Number.NaN]) {
      await assert.rejects(p.join({ timeout }), RangeError);
      assert.throws(() => p.joinSync({ timeout }), RangeError);
    }
    await assert.rejects(p.join({ timeout: '1' as never }), TypeError);
    p.kill();
    await watched(p.join());
    await assert.rejects(p.join({ timeout: -1 }), RangeError);
    assert.throws(() => p.joinSync({ timeout: -1 }), RangeError);
  });

  test('a process without a target ends at once', async () => {
    const p = new Process();
    p.start();
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });
});

describe('what is sent', () => {
  test('a start refuses what cannot be sent, and may be tried again', async () => {
    const { Socket } = await import('node:net');
    const answers = new Queue<unknown>();
    const options: { socket?: unknown } = { socket: new Socket() };
    const target = (options: { socket?: unknown }) => void answers.putNowait(options);
    const p = new Process({ target, args: [options] });
    const before = childrenOf(process.pid);
    assert.throws(
      () => p.start(),
      (error: SerializationError) => error instanceof SerializationError && error.path === 'args[0].socket',
    );
    assert.deepEqual([p.pid, p.exitCode, p.isAlive(), activeChildren()], [undefined, null, false, []]);
    assert.deepEqual(
      childrenOf(process.pid).filter((pid) => !before.includes(pid)),
      [],
    );
    await assert.rejects(p.join(), StateError);
    options.socket = 'none';
    p.start();
    assert.deepEqual(await watched(answers.get()), { socket: 'none' });
    await watched(p.join());
  });

  test('a running process cannot be sent', () => {
    const p = sleeper();
    assert.throws(() => new Process({ target: (_: Process) => {}, args: [p] }).start(), SerializationError);
    p.kill();
    p.joinSync();
  });

  test('arguments of a process are taken as they are at the start, binaries of 100 MB among them', async () => {
    const answers = new Queue<unknown>();
    const bytes = new Uint8Array(100e6).fill(7);
    const shared = { n: 1 };
    const target = (bytes: Uint8Array, a: { n: number }, b: { n: number }) => {
      answers.putSync([bytes.length, bytes[0], bytes.at(-1), a === b, a.n]);
    };
    const p = new Process({ target, args: [bytes, shared, shared] });
    shared.n = 2;
    p.start();
    shared.n = 3;
    bytes.fill(0);
    assert.deepEqual(await watched(answers.get()), [100e6, 7, 7, true, 2]);
    await watched(p.join());
  });
});
