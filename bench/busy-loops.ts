/** Programs that keep a CPU busy each, started and ended by the benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs `act` beside so many of them. */
export async function beside<T>(loops: number, act: () => T): Promise<T> {
  const started = Array.from({ length: loops }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    await Promise.all(started.map((loop) => once(loop, 'spawn')));
    return act();
  } finally {
    const ended = started.map((loop) => once(loop, 'exit'));
    for (const loop of started) loop.kill('SIGKILL');
    await Promise.all(ended);
  }
}
