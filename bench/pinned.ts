import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** Binds the threads of this process: all to one CPU, or the first thread to one and the others to another. Needs `taskset`. */
export function pinThreads(where: 'one' | 'two'): void {
  for (const tid of readdirSync('/proc/self/task')) {
    const cpu = where === 'two' && Number(tid) !== process.pid ? '1' : '0';
    execFileSync('taskset', ['-pc', cpu, tid], { stdio: 'ignore' });
  }
}
