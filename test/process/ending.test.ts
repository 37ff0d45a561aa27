import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { Lock, Process, Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { childOf } from '#dist/process/process.js';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { watched } from '../watchdog.ts';
import { until } from './program.ts';

function drain<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.getNowait());
  return items;
}

describe('how a process ends', () => {
  test('handlers of exit and beforeExit run once each, with the exit code', async () => {
    const log = new Queue<string>();
    const p = new Process({
      target: () => {
        process.on('beforeExit', (code) => log.putSync(`beforeExit ${code}`));
        process.on('exit', (code) => log.putSync(`exit ${code}`));
        process.exitCode = 3;
      },
    });
    p.start();
    await watched(p.join());
    assert.deepEqual([drain(log), p.exitCode], [['beforeExit 3', 'exit 3'], 3]);
  });

  test('handlers of exit that are registered while a process runs on run too, and a beforeExit may find more work', async () => {
    const log = new Queue<string>();
    const p = new Process({
      target: async () => {
        process.once('beforeExit', () => {
          log.putSync('first idle');
          setTimeout(() => log.putSync('more work'), 1);
        });
        setTimeout(() => process.on('exit', () => log.putSync('exit')), 1);
      },
    });
    p.start();
    await watched(p.join());
    assert.deepEqual([drain(log), p.exitCode], [['first idle', 'more work', 'exit'], 0]);
  });

  test('an exit handler may set the exit code, and process.exit runs them too', async () => {
    const log = new Queue<string>();
    const p = new Process({
      target: () => {
        process.on('exit', () => {
          log.putSync('exit');
          process.exitCode = 8;
        });
        process.exit(1);
      },
    });
    p.start();
    await watched(p.join());
    assert.deepEqual([drain(log), p.exitCode], [['exit'], 8]);
  });

  test('a process whose exit handler throws ends with an error', async () => {
    const p = new Process({
      target: () => {
        process.stderr.write = () => true;
        process.on('exit', () => {
          throw new Error('in the handler');
        });
      },
    });
    p.start();
    await watched(p.join());
    assert.notEqual(p.exitCode, 0);
  });

  test('a process lives on while timers and servers that the target left are there', async () => {
    const ready = new Queue<number>();
    const p = new Process({
      target: async () => {
        const { createServer } = await import('node:net');
        const server = createServer((socket) => {
          socket.end('bye');
          server.close();
        });
        server.listen(0, '127.0.0.1', () => {
          const address = server.address();
          setTimeout(() => ready.putSync(typeof address === 'object' ? (address?.port ?? 0) : 0), 5);
        });
      },
    });
    p.start();
    const port = await watched(ready.get());
    assert.equal(p.isAlive(), true);
    const { connect } = await import('node:net');
    const text = await watched(
      new Promise((resolve) => connect(port, '127.0.0.1').setEncoding('utf8').once('data', resolve)),
    );
    assert.equal(text, 'bye');
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('what the target leaves behind is done first: compressions, keys, WebAssembly, long chains of promises, turns of the loop', async () => {
    const done = new Queue<string>();
    const p = new Process({
      target: () => {
        const { createServer } = process.getBuiltinModule('node:net');
        const { pbkdf2 } = process.getBuiltinModule('node:crypto');
        const { deflate } = process.getBuiltinModule('node:zlib');
        const say = (what: string) => done.putSync(what);
        deflate(Buffer.alloc(2 ** 20), () => say('compression'));
        pbkdf2('a', 'b', 20_000, 32, 'sha256', () => say('key'));
        void crypto.subtle.digest('SHA-256', new Uint8Array(2 ** 20)).then(() => say('digest'));
        // The smallest module, with a section of half a million bytes whose name is empty.
        const length = [0x80, 0x80, 0x20];
        const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, ...length, 0];
        const module = new Uint8Array(9 + length.length + 2 ** 19);
        module.set(head);
        const { compile } = (globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> } })
          .WebAssembly;
        void compile(module).then(() => setTimeout(() => say('WebAssembly'), 1));
        const chain = async () => {
          for (let i = 0; i < 1000; i++) await undefined;
          setImmediate(() => setImmediate(() => say('turns')));
        };
        void chain();
        const server = createServer().listen(0, '127.0.0.1', () => server.close(() => say('closed')));
      },
    });
    p.start();
    await watched(p.join());
    assert.equal(p.exitCode, 0);
    assert.deepEqual(drain(done).sort(), ['WebAssembly', 'closed', 'compression', 'digest', 'key', 'turns']);
  });

  for (const [title, options] of [
    ['what each handler of beforeExit begins is done, and then they are called again', {}],
    [
      'the same holds where Node itself ends the process, because it must write something',
      { execArgv: ['--trace-exit'] },
    ],
  ] as const) {
    test(title, async () => {
      const log = new Queue<string>();
      const p = new Process({
        ...options,
        target: () => {
          process.stderr.write = () => true;
          const begin = [
            () => void setTimeout(() => log.putSync('timer'), 1),
            () => void setImmediate(() => log.putSync('turn')),
            () => void Promise.resolve().then(() => setImmediate(() => log.putSync('turn after a promise'))),
            () => void Promise.resolve().then(() => log.putSync('promise')),
          ];
          process.on('beforeExit', () => begin.shift()?.());
          process.on('exit', (code) => log.putSync(`exit ${code}`));
        },
      });
      p.start();
      await watched(p.join());
      assert.deepEqual(drain(log), ['timer', 'turn', 'turn after a promise', 'promise', 'exit 0']);
    });
  }

  test('what NODE_OPTIONS asks Node to write at its end is written, also at process.exit()', async () => {
    const folder = folderWith();
    const options = `--trace-event-categories node --trace-event-file-pattern ${folder}/\${pid}.json`;
    const env = { ...process.env, NODE_OPTIONS: options };
    const all = [false, true].map(
      (exits) => new Process({ target: (now: boolean) => void (now && process.exit(0)), args: [exits], env }),
    );
    for (const p of all) p.start();
    await watched(Promise.all(all.map((p) => p.join())));
    // A trace that was not finished is no JSON.
    const traces = readdirSync(folder).map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
    assert.equal(traces.length, 2);
  });

  for (const how of ['by itself', 'by process.exit()']) {
    // Node waits for compilations in the background before it ends. The options make such work, which needs a collection, at all times.
    test(`a process ends ${how} while a compilation in the background awaits a collection`, async () => {
      const allocate = (exits: boolean) => {
        const made: unknown[] = [];
        for (const end = performance.now() + 50; performance.now() < end; )
          for (let i = 0; i < 1000; i++) made[i % 512] = { i, list: [i, 1.5 * i], text: `${i}` };
        if (exits) process.exit(0);
      };
      const execArgv = ['--max-old-space-size=24', '--stress-concurrent-allocation'];
      const args = [how !== 'by itself'] as const;
      const all = [1, 2, 3, 4].map(() => new Process({ target: allocate, args, execArgv }));
      for (const p of all) p.start();
      const joined = Promise.all(all.map((p) => p.join()));
      await watched(joined, process.pid, () => all.forEach((p) => void p.kill()));
      assert.deepEqual(
        all.map((p) => p.exitCode),
        [0, 0, 0, 0],
      );
    });
  }

  test('timers that were unrefed do not keep a process', async () => {
    const p = new Process({ target: () => void setInterval(() => {}, 1e6).unref() });
    p.start();
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('puts that the target did not await are finished first', async () => {
    const queue = new Queue<number>(3);
    const p = new Process({
      target: () => {
        for (let i = 0; i < 50; i++) void queue.put(i);
      },
    });
    p.start();
    const got: number[] = [];
    while (got.length < 50) got.push(await watched(queue.get()));
    assert.deepEqual(got, [...Array(50).keys()]);
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('a process that has put 8 MB may be joined before they are read', async () => {
    const queue = new Queue<Uint8Array>();
    const p = new Process({
      target: () => {
        for (let i = 0; i < 8; i++) void queue.put(new Uint8Array(2 ** 20).fill(i));
      },
    });
    p.start();
    await watched(p.join());
    assert.equal(queue.qsize(), 8);
    assert.deepEqual(
      drain(queue).map((bytes) => [bytes.length, bytes[0], bytes.at(-1)]),
      [...Array(8).keys()].map((i) => [2 ** 20, i, i]),
    );
  });

  test('a promise that waits for a queue keeps a process alive', async () => {
    const queue = new Queue<string>();
    const p = new Process({
      target: async () => {
        process.exitCode = (await queue.get()) === 'go' ? 0 : 1;
      },
    });
    p.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(p.isAlive(), true);
    await queue.put('go');
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('what a process has spawned itself does not hold up its end', async () => {
    const pids = new Queue<number>();
    const p = new Process({
      target: async () => {
        const { spawn } = await import('node:child_process');
        const sleeper = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
        sleeper.unref();
        pids.putSync(sleeper.pid as number);
      },
    });
    p.start();
    const pid = await watched(pids.get());
    await watched(p.join());
    assert.equal(p.exitCode, 0);
    const q = new Process({ target: () => {} });
    q.start();
    q.joinSync();
    process.kill(pid, 'SIGKILL');
  });

  test('a process that a wait for its lock has found dead is joined by a blocked thread', async () => {
    const lock = new Lock();
    const held = new Queue<number>();
    const p = new Process({
      target: async () => {
        lock.acquireSync();
        await held.put(1);
        await new Promise((resolve) => setTimeout(resolve, 1e8));
      },
    });
    p.start();
    await watched(held.get());
    p.kill();
    // Without a turn of the event loop, so that the wait for the lock is the first to notice.
    const { member } = childOf(p);
    while (!family().members.isGone(member)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    assert.equal(lock.acquireSync({ timeout: 60_000 }), true);
    p.joinSync({ timeout: 60_000 });
    assert.equal(p.exitCode, -9);
  });

  test('a worker thread that a process has started keeps the process until the thread ends', async () => {
    const answers = new Queue<number>();
    const p = new Process({
      target: async () => {
        const { Worker } = await import('node:worker_threads');
        new Worker('require("worker_threads").parentPort.postMessage(7)', { eval: true }).on('message', (n) =>
          answers.putSync(n),
        );
      },
    });
    p.start();
    assert.equal(await watched(answers.get()), 7);
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('collections of a process that has ended let it go', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const make = async () => {
      const p = new Process({ target: () => {} });
      p.start();
      await watched(p.join());
      return new WeakRef(p);
    };
    const ref = await make();
    await until(() => {
      gc();
      return ref.deref() === undefined;
    });
  });
});
