import { clock } from '../builtins.ts';
import { sockets } from '../platform/choose.ts';
import { currentFamily } from './family.ts';

/** Blocks the thread until the descriptor can be read or written; false when the time is over. A thread that is ended meanwhile wakes up for that. */
export function awaitDescriptor(fd: number, what: 'read' | 'write', timeout: number): boolean {
  const parker = currentFamily()?.parker;
  if (parker === undefined) return sockets().awaitReady(fd, what, timeout, -1) === 'ready';
  const deadline = clock() + timeout;
  return parker.blockIn((doorbell, longest) => {
    const left = Math.max(deadline - clock(), 0);
    const found = sockets().awaitReady(fd, what, Math.min(left, longest), doorbell);
    if (found === 'ready') return true;
    return found === 'late' && left <= longest ? false : undefined;
  });
}
