import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until there are this many children, and none has used the CPU for a while. */
export async function idleChildren(wanted: number): Promise<void> {
  let before = '';
  for (let quiet = 0; quiet < 5; ) {
    await sleep(50);
    const now = cpuTimesOfChildren();
    quiet = now.length === wanted && now.join() === before ? quiet + 1 : 0;
    before = now.join();
  }
}

/** Clock ticks used by each child so far. */
function cpuTimesOfChildren(): number[] {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
  return pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
}
