// Runs a whole program to its end and prints its cost as JSON: `node measured-program.js <file> <arguments>`. It waits for all that the program leaves running,
// so it is a process of its own: it would wait for ever for children of the benchmark.
import { spawnSync } from 'node:child_process';
import { loadLibc } from '#dist/platform/koffi.js';

const libc = loadLibc();
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const waitpid = libc.func('int waitpid(int pid, void *status, int options)');
const getrusage = libc.func('int getrusage(int who, void *usage)');

const PR_SET_CHILD_SUBREAPER = 36;
const RUSAGE_CHILDREN = -1;

/** Milliseconds of CPU of all children that have ended and were waited for. */
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

// Processes whose parent ends before them become this one's, or the time that they have used would be lost.
prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
const [, , file = '', ...args] = process.argv;
const start = performance.now();
const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
const wall = performance.now() - start;
if (error !== undefined) throw error;
while (Number(waitpid(-1, null, 0)) > 0);
console.log(JSON.stringify({ cpu: cpuOfChildren(), wall }));
process.exitCode = status ?? 1;
