import { fs } from '../engine/builtins.ts';

/** Returns how many bytes of address space this process may have (`ulimit -v`). Returns `Infinity` if there is no limit, or if the system does not show it. */
export function addressSpace(): number {
  try {
    const limits = fs.readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max address space +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
