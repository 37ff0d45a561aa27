import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { layout } from '#dist/memory/layout.js';
import { field, SLOTS, state } from '#dist/memory/members.js';

const RECORD_BYTES = 128;
const states = Object.fromEntries(Object.entries(state).map(([name, value]) => [value, name]));
const parkedStates = ['awake', 'awaits its bell', 'sleeps in futex'];

/**
 * Gives `wait` so long; then rejects with what every member of the family of process `pid` is doing, after `onTimeout`. A test
 * that it stops has hung: the time is far beyond what the wait takes on the slowest machine.
 */
export async function watched<T>(wait: Promise<T>, pid = process.pid, onTimeout = () => {}, seconds = 60): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const dog = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const report = describeFamily(pid);
      onTimeout();
      reject(new Error(`Nothing happened for ${seconds} s. ${report}`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([wait, dog]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the condition holds; rejects as `watched` does if it does not come to that. */
export async function until(condition: () => boolean, seconds?: number): Promise<void> {
  let on = true;
  const wait = async () => {
    while (on && !condition()) await sleep(1);
  };
  await watched(wait(), process.pid, () => (on = false), seconds);
}

/** The member table of the family that process `pid` belongs to, read from outside, and where each member stands in the kernel. */
export function describeFamily(pid: number): string {
  const fd = openHeap(pid);
  if (fd === undefined) return `Process ${pid} is in no family, or has ended.`;
  try {
    const words = new Int32Array(SLOTS * (RECORD_BYTES / 4));
    readSync(fd, words, 0, words.byteLength, layout.members);
    const lines: string[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const word = (which: number) => words[slot * (RECORD_BYTES / 4) + which] as number;
      if (word(field.state) === state.FREE) continue;
      const parked = parkedStates[word(field.parked)] ?? word(field.parked);
      const assigned = word(field.assignment) === 0 ? '' : ', has not taken its assignment';
      lines.push(
        `  slot ${slot}: pid ${word(field.pid)}, ${states[word(field.state)]}, ${parked}${assigned}; ${kernelView(word(field.pid))}`,
      );
    }
    return `The family of process ${pid}:\n${lines.join('\n')}`;
  } finally {
    closeSync(fd);
  }
}

function openHeap(pid: number): number | undefined {
  try {
    const heap = readdirSync(`/proc/${pid}/fd`).find((fd) =>
      readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('/memfd:multiproc'),
    );
    return heap === undefined ? undefined : openSync(`/proc/${pid}/fd/${heap}`, 'r');
  } catch {
    return undefined;
  }
}

function kernelView(pid: number): string {
  try {
    const letter = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
    return `state ${letter} in ${readFileSync(`/proc/${pid}/wchan`, 'latin1') || 'user code'}`;
  } catch {
    return 'no such process';
  }
}
