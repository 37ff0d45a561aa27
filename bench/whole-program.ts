/** What a whole program costs, with all the processes that it starts: time of CPU, and time on the clock. */
import { spawnSync } from 'node:child_process';
import { loadLibc } from '#dist/platform/koffi.js';

/** Milliseconds. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

const libc = loadLibc();
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const waitpid = libc.func('int waitpid(int pid, void *status, int options)');
const getrusage = libc.func('int getrusage(int who, void *usage)');

const PR_SET_CHILD_SUBREAPER = 36;
const RUSAGE_CHILDREN = -1;

// Processes whose parent ends before them become this one's, or the time that they have used would be lost.
prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

/** Runs a program to its end; throws if it fails. What it leaves running is waited for, and counts as CPU. */
export function costOf(file: string, args: readonly string[]): Cost {
  const before = cpuOfChildren();
  const start = performance.now();
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  const wall = performance.now() - start;
  if (error !== undefined || status !== 0) {
    throw error ?? new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  }
  while (Number(waitpid(-1, null, 0)) > 0);
  return { cpu: cpuOfChildren() - before, wall };
}

/** Of all that have ended and were waited for. */
function cpuOfChildren(): number {
  const usage = Buffer.alloc(144);
  getrusage(RUSAGE_CHILDREN, usage);
  const [user = 0n, userMicros = 0n, system = 0n, systemMicros = 0n] = new BigInt64Array(
    usage.buffer,
    usage.byteOffset,
    4,
  );
  return Number(user + system) * 1000 + Number(userMicros + systemMicros) / 1000;
}
