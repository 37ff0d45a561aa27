import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe } from 'node:test';
import { getContext, Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { fixture, runs, start, until } from './program.ts';
import { startedBy, type Way, ways } from './spawning.ts';

/** Starts a process that starts another by `child_process`; answers both. */
async function withChild(way: Way, options: { descendants?: boolean }): Promise<{ p: Process; pid: number }> {
  const pids = new Queue<number>();
  let p: Process | undefined;
  const pid = await startedBy((pids, file) => {
    p = new Process({ target: ways[way], args: [pids, file], daemon: true, ...options });
    p.start();
  }, pids);
  return { p: p!, pid };
}

describe('with the option `descendants`', () => {
  for (const way of Object.keys(ways) as Way[]) {
    test(`with descendants, what ${way} has started ends with its process`, async () => {
      const exitCodes = [];
      for (const end of ['terminate', 'kill', 'interrupt'] as const) {
        const { p, pid } = await withChild(way, { descendants: true });
        p[end]();
        await watched(p.join());
        await until(() => !runs(pid));
        exitCodes.push(p.exitCode);
      }
      assert.deepEqual(exitCodes, [-15, -9, -2]);
    });
  }

  test('with descendants, a program ends also where the process that has started it handles the signal', async () => {
    const pids = new Queue<number>();
    const target = async (pids: Queue<number>) => {
      process.on('SIGTERM', () => process.exit(3));
      await ways.spawn(pids, '');
    };
    const p = new Process({ target, args: [pids], descendants: true });
    p.start();
    const pid = await watched(pids.get());
    p.terminate();
    await watched(p.join());
    assert.equal(p.exitCode, 3);
    await until(() => !runs(pid));
  });

  test('with descendants, what has a session of its own goes on', async () => {
    const pids = new Queue<number>();
    const target = async (pids: Queue<number>) => {
      await pids.put(spawn('sleep', ['1000'], { stdio: 'ignore', detached: true }).pid!);
    };
    const p = new Process({ target, args: [pids], descendants: true });
    p.start();
    const pid = await watched(pids.get());
    p.terminate();
    await watched(p.join());
    assert.equal(p.exitCode, -15);
    assert.equal(runs(pid), true);
    process.kill(pid, 'SIGKILL');
  });

  test('with descendants, a process that ends by itself leaves what it has started', async () => {
    const pids = new Queue<number>();
    const target = async (pids: Queue<number>) => {
      const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
      sleeper.unref();
      await pids.put(sleeper.pid!);
    };
    const p = new Process({ target, args: [pids], descendants: true });
    p.start();
    const pid = await watched(pids.get());
    await watched(p.join());
    assert.equal(runs(pid), true);
    process.kill(pid, 'SIGKILL');
  });

  test('with descendants, what a process has started ends with the program that has the process', async () => {
    const program = start(fixture('ends-with-descendants'));
    const pid = Number(await program.said('pid:'));
    assert.equal((await program.ended).code, 4);
    await until(() => !runs(pid));
  });

  for (const way of Object.keys(ways) as Way[]) {
    test(`with descendants, what ${way} has started in a thread ends with the thread, and what others have started goes on`, async () => {
      const { Process, Queue } = getContext('thread');
      const pids = new Queue<number>();
      const threads: Process[] = [];
      const startThread = (pids: Queue<number>, file: string) => {
        const thread = new Process({ target: ways[way], args: [pids, file], daemon: true, descendants: true });
        threads.push(thread);
        thread.start();
      };
      const own = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const other = await startedBy(startThread, pids);
      const pid = await startedBy(startThread, pids);
      threads[1]!.terminate();
      await until(() => !runs(pid));
      await watched(threads[1]!.join());
      assert.deepEqual([runs(other), runs(own.pid!)], [true, true]);
      threads[0]!.terminate();
      await until(() => !runs(other));
      own.kill('SIGKILL');
    });
  }
});

test('without descendants, what a process has started by other means goes on', async () => {
  const { p, pid } = await withChild('spawn', {});
  p.terminate();
  await watched(p.join());
  assert.equal(runs(pid), true);
  process.kill(pid, 'SIGKILL');
});
