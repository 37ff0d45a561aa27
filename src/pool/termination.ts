import { os } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { processes } from '../platform/choose.ts';

/**
 * In a worker process: ignores SIGTERM unless the pool sends it, as Ctrl-C is ignored. systemd, `timeout` and supervisors send SIGTERM to
 * every process of a program. The parent decides what it means, and the worker ends with the parent in any case. The kernel ignores the
 * signal, so that the pool can tell a worker whose task listens, which gets time to clean up, from a worker that it may end at once.
 */
export function dropTermination(): void {
  const drop = () => processes('A worker process').setDisposition(os.constants.signals.SIGTERM, 'ignored');
  drop();
  // With its last listener, a signal gets its default meaning back from Node.
  process.on('removeListener', (event) => {
    if (event === 'SIGTERM' && process.listenerCount('SIGTERM') === 0) drop();
  });
}

/** Calls back when the pool, and not another sender, asks this worker to end. */
export function onTermination({ members, me }: Family, callback: () => void): void {
  process.on('SIGTERM', () => {
    if (members.get(me, field.condemned) === 1) callback();
  });
}
