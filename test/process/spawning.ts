import { exec, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Queue } from 'multiproc';
import { watched } from '../watchdog.ts';
import { until } from './program.ts';

export type Way = 'spawn' | 'a shell' | 'execFileSync';

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
  execFileSync(_: Queue<number>, file: string) {
    execFileSync('sh', ['-c', 'echo $$ > "$0"; exec sleep 1000', file]);
  },
};

/** Has `start` start one of them; answers its process id. */
export async function startedBy(start: (pids: Queue<number>, file: string) => void, pids: Queue<number>) {
  const folder = mkdtempSync(`${tmpdir()}/spawning-`);
  const file = `${folder}/pid`;
  let pid = 0;
  try {
    start(pids, file);
    const look = async () => {
      await until(() => {
        if (!pids.empty()) pid = pids.getNowait();
        else if (pid === 0) pid = Number(readOr(file));
        return pid > 0;
      });
    };
    await watched(look());
  } finally {
    rmSync(folder, { recursive: true });
  }
  return pid;
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
