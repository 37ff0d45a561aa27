import { clock } from '../engine/builtins.ts';
import { sockets } from '../platform/choose.ts';
import { currentFamily } from './family.ts';

/**
 * Blocks the thread until the descriptor can be read or written, or may be: `tries` is the number of times that it could not. Returns false
 * after the time-out. Wakes up a thread that is being ended.
 */
export function awaitDescriptor(fd: number, what: 'read' | 'write', timeout: number, tries: number): boolean {
  const { awaitReady } = sockets();
  const family = currentFamily();
  const signals = family?.pipeSignals;
  if (family === undefined || signals === undefined) return awaitReady(fd, what, timeout, -1, tries) === 'ready';
  const deadline = clock() + timeout;
  const sleep = (longest: number, doorbell: number) => {
    const left = Math.max(deadline - clock(), 0);
    const found = awaitReady(fd, what, Math.min(left, longest), doorbell, tries);
    if (found === 'ready') return true;
    return found === 'late' && left <= longest ? false : undefined;
  };
  return family.parker.blockIn((longest) => signals.sleepIn((doorbell) => sleep(longest, doorbell)));
}
