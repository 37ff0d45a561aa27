import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until there are this many children, and none has used the CPU for a while; resolves to their pids. */
export async function idleChildren(wanted: number): Promise<string[]> {
  let before = '';
  let pids: string[] = [];
  for (let quiet = 0; quiet < 5; ) {
    await sleep(50);
    pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
    const now = pids.map(cpuTimeOf).join();
    quiet = pids.length === wanted && now === before ? quiet + 1 : 0;
    before = now;
  }
  return pids;
}

/** Clock ticks used so far. */
function cpuTimeOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
