/** Programs that keep a CPU busy each, started and ended by the benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Ends by itself if the benchmark has ended without it. */
const loop = `for (let i = 1; ; i++) if (i % 1e7 === 0 && process.ppid !== ${process.pid}) process.exit();`;

/** Runs `act` beside this many of them. */
export async function beside<T>(loops: number, act: () => T): Promise<T> {
  const started = Array.from({ length: loops }, () => spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }));
  try {
    await Promise.all(started.map((child) => once(child, 'spawn')));
    return act();
  } finally {
    const ended = started.map((child) => once(child, 'exit'));
    for (const child of started) child.kill('SIGKILL');
    await Promise.all(ended);
  }
}
