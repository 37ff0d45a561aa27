import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { nap } from '../disturb/cell.ts';
import { entriesOf } from './diary.ts';

/** Lets all stopped players go on when the time is over: in a thread of its own, that belongs to no family and waits for none. */
export function startKeeper(diary: string): { end(): Promise<unknown> } {
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { keeperOf: diary, over } });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  return {
    end() {
      Atomics.store(over, 0, 1);
      return ended;
    },
  };
}

interface Stopped {
  readonly pid: number;
  readonly until: number;
}

if (!isMainThread && workerData?.keeperOf !== undefined) {
  const { keeperOf: path, over } = workerData as { keeperOf: string; over: Int32Array };
  const fd = openSync(path, 'r');
  let at = 0;
  let stopped: Stopped[] = [];
  while (Atomics.load(over, 0) === 0 || stopped.length > 0) {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(size - at);
    readSync(fd, bytes, 0, bytes.length, at);
    // A line that is not whole yet comes next time.
    const text = bytes.toString('latin1', 0, bytes.lastIndexOf(10) + 1);
    at += text.length;
    for (const { way, pid, detail } of entriesOf(text)) {
      if (way === 'stop') stopped.push({ pid, until: performance.now() + detail });
    }
    stopped = stopped.filter((each) => !isDoneWith(each));
    nap();
  }
  closeSync(fd);
}

function isDoneWith({ pid, until }: Stopped): boolean {
  const state = stateOf(pid);
  if (state === undefined || state === 'Z') return true;
  if (state !== 'T' || performance.now() < until) return false;
  process.kill(pid, 'SIGCONT');
  return true;
}

/** One letter, as in proc(5). */
function stateOf(pid: number): string | undefined {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}
