import { isMainThread, workerData } from 'node:worker_threads';
import { Process } from 'multiproc';
import { type ThreadBirth, word } from '#dist/process/thread-birth.js';

const writes = ['store', 'exchange', 'compareExchange', 'add', 'sub', 'or'] as const;

/** Ends this process, or this thread of it, at once: no handler runs. */
function die(): void {
  if (isMainThread) process.kill(process.pid, 'SIGKILL');
  // As if it had been killed; nobody else has set it by then.
  (workerData as ThreadBirth).words[word.exitCode] = -9;
  (process as unknown as { reallyExit(code: number): never }).reallyExit(1);
}

/** Has this process, or thread, killed just before its `n`-th atomic operation from here on; call the answer to call it off. */
export function dieBefore(n: number): () => void {
  let left = n;
  const originals = writes.map((name) => Atomics[name]);
  writes.forEach((name, i) => {
    const original = originals[i] as (...args: unknown[]) => number;
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (--left === 0) die();
        return original(...args);
      },
    });
  });
  return () => {
    for (const [i, name] of writes.entries()) Object.assign(Atomics, { [name]: originals[i] });
  };
}

/**
 * Runs `act` in processes that are killed before its first, second, … atomic operation, until one comes through; after each,
 * `inspect` looks at what is left. Answers how many died: every place where a death could show is among them. `prepare` runs
 * before, unharmed.
 */
export async function killEverywhere<A extends unknown[]>(
  act: (...args: A) => void,
  args: () => [...A],
  inspect: (n: number, ...args: A) => Promise<void> | void,
  prepare: (...args: A) => void = () => {},
): Promise<number> {
  for (let n = 1; ; n++) {
    const given: A = args();
    const target = (at: number, ...rest: A) => {
      prepare(...rest);
      const callOff = dieBefore(at);
      act(...rest);
      callOff();
    };
    const p = new Process({ target, args: [n, ...given] as [number, ...A] });
    p.start();
    await p.join();
    if (p.exitCode === 0) return n - 1;
    if (p.exitCode !== -9) throw new Error(`the process ended with ${p.exitCode}`);
    await inspect(n, ...given);
  }
}
