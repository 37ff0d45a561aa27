/** What a whole program costs, with all the processes that it starts: time of CPU, and time on the clock. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Milliseconds. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

const measure = fileURLToPath(new URL('./measured-program.js', import.meta.url));

/** Runs a program to its end; throws if it fails. What it leaves running is waited for, and counts as CPU. */
export function costOf(file: string, args: readonly string[]): Cost {
  const { status, error, stdout, stderr } = spawnSync(process.execPath, [measure, file, ...args], { encoding: 'utf8' });
  if (error !== undefined || status !== 0) {
    throw error ?? new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  }
  return JSON.parse(stdout) as Cost;
}
