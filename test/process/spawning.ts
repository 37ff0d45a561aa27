import { exec, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Queue } from 'multiproc';
import { folderWith } from '../folder.ts';
import { watched } from '../watchdog.ts';
import { childrenOf, until } from './program.ts';

export type Way = 'spawn' | 'a shell' | 'execFileSync' | 'a shell that has ended' | 'the child of one that has ended';

/** What a task or a target may start by `child_process`, each without end; it tells of its process, and waits for it. */
export const ways: Readonly<Record<Way, (pids: Queue<number>, file: string) => unknown>> = {
  async spawn(pids: Queue<number>) {
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await pids.put(sleeper.pid!);
    await new Promise((resolve) => sleeper.on('exit', resolve));
  },
  async 'a shell'(pids: Queue<number>) {
    const shell = exec('sleep 1000 & echo $!; wait');
    shell.stdout!.on('data', (pid) => pids.putSync(Number(pid)));
    await new Promise((resolve) => shell.on('exit', resolve));
  },
  async 'a shell that has ended'(pids: Queue<number>) {
    const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const exit = new Promise((resolve) => shell.on('exit', resolve));
    // What it has started keeps the pipe open.
    const pid = await new Promise((resolve) => shell.stdout.once('data', resolve));
    await exit;
    pids.putSync(Number(pid));
    await new Promise((resolve) => setTimeout(resolve, 1e6));
  },
  async 'the child of one that has ended'(pids: Queue<number>) {
    // It has another child that still runs.
    spawn('sleep', ['1000'], { stdio: 'ignore' });
    const shell = spawn('sh', ['-c', "sh -c '(sleep 1000; :) & echo $!' & wait"], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = new Promise((resolve) => shell.on('exit', resolve));
    // What it has started keeps the pipe open.
    const pid = await new Promise((resolve) => shell.stdout.once('data', resolve));
    await exit;
    await until(() => childrenOf(Number(pid)).length === 1);
    pids.putSync(childrenOf(Number(pid))[0]!);
    await new Promise((resolve) => setTimeout(resolve, 1e6));
  },
  execFileSync(_: Queue<number>, file: string) {
    execFileSync('sh', ['-c', 'echo $$ > "$0"; exec sleep 1000', file]);
  },
};

/** Has `start` start one of them; answers its process id. */
export async function startedBy(start: (pids: Queue<number>, file: string) => void, pids: Queue<number>) {
  const file = `${folderWith()}/pid`;
  let pid = 0;
  start(pids, file);
  const look = async () => {
    await until(() => {
      if (!pids.empty()) pid = pids.getNowait();
      else if (pid === 0) pid = Number(readOr(file));
      return pid > 0;
    });
  };
  await watched(look());
  return pid;
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
