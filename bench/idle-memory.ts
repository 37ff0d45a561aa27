/** Memory of children that have nothing to do. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Barrier, Pool, setSpareProcesses } from 'multiproc';
import { idleChildren } from './idle-children.ts';
import { WORKERS } from './pools/running-pool.ts';

/** Resident: all pages that a process has in memory. Private: those of them that no other process has. */
type Kind = 'resident' | 'private';

const FIELDS = { resident: ['Rss'], private: ['Private_Clean', 'Private_Dirty'] } as const;

/** MB of each of two idle workers that have run a task, or of two children of `fork` that wait for a message. */
export function idleMemory(whose: 'workers' | 'bare', kind: Kind): Promise<number[]> {
  return whose === 'workers' ? ofWorkers(kind) : ofBareChildren(kind);
}

async function ofWorkers(kind: Kind): Promise<number[]> {
  setSpareProcesses(0);
  await using pool = new Pool(WORKERS);
  using barrier = new Barrier(WORKERS);
  const meet = () => barrier.wait();
  // Each worker has one of them.
  await Promise.all(Array.from({ length: WORKERS }, () => pool.apply(meet)));
  return (await idleChildren(WORKERS)).map((pid) => memoryOf(pid, kind));
}

async function ofBareChildren(kind: Kind): Promise<number[]> {
  const file = fileURLToPath(new URL('../../bench/cold/idle.mjs', import.meta.url));
  const children = Array.from({ length: WORKERS }, () => fork(file));
  const values = (await idleChildren(WORKERS)).map((pid) => memoryOf(pid, kind));
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.disconnect();
  await Promise.all(ended);
  return values;
}

function memoryOf(pid: string, kind: Kind): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kib = FIELDS[kind].map((field) => Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(text)![1]));
  return (kib.reduce((a, b) => a + b) * 1024) / 1e6;
}
