import { os } from '../builtins.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { processes } from '../platform/choose.ts';

/**
 * In a worker process: drops SIGTERM that comes from anybody but the pool, as Ctrl-C is dropped. systemd, `timeout` and supervisors send it
 * to every process of a program; what it means is the parent's to decide, and the worker ends with the parent in any case. Dropped by
 * the kernel, so that the pool can tell a worker whose task listens, which gets time to clean up, from one that it may end at once.
 */
export function dropTermination(): void {
  const drop = () => processes('A worker process').setDisposition(os.constants.signals.SIGTERM, 'ignored');
  drop();
  // With the last listener Node gives the signal its default meaning back.
  process.on('removeListener', (event) => {
    if (event === 'SIGTERM' && process.listenerCount('SIGTERM') === 0) drop();
  });
}

/** Calls back when the pool, and nobody else, asks this worker to end. */
export function onTermination({ members, me }: Family, callback: () => void): void {
  process.on('SIGTERM', () => {
    if (members.get(me, field.condemned) === 1) callback();
  });
}
