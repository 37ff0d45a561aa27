import { os } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { field, type Members } from '../memory/members.ts';
import { processes } from '../platform/choose.ts';
import { afterExitHandlers } from './after-exit-handlers.ts';

/** The name of the feature that needs processes, for errors. */
const DESCENDANTS = 'The option `descendants`';

/** Throws a `PlatformError` where there are no processes, because the programs that a thread has started cannot be found there. */
export function assertDescendantsEnd(): void {
  processes(DESCENDANTS);
}

/**
 * In a process whose descendants end with it: makes them end even if the process handles the signal that ends it. Node handles some
 * signals from the beginning, so this cannot be seen from outside.
 */
export function endDescendantsToo({ members, me }: Family): void {
  const system = processes(DESCENDANTS);
  const { SIGTERM, SIGINT } = os.constants.signals;
  for (const signal of [SIGTERM, SIGINT]) system.setDisposition(signal, 'default');
  afterExitHandlers(() => {
    if (members.get(me, field.condemned) !== 1) return;
    system.killOwnChildren(system.ownChildren());
    system.killOrphans(markOf(members, me));
  });
}

/** In a process or thread whose descendants end with it: marks them, so that they are found whichever of them ends first. */
export function markDescendants({ platform, members, me }: Family): void {
  platform.processes?.markWhatIsStarted(markOf(members, me));
}

/** Returns the mark of a member's descendants. */
export function markOf(members: Members, member: number): string {
  return [field.pid, field.tid, field.startTime].map((each) => members.get(member, each)).join('.');
}

/**
 * Ends the programs that a process has started, when the process is ended by a signal. Returns the signals to send to the process itself.
 * A process that handles the signal ends its own programs when it ends.
 */
export function endDescendants({ members }: Family, member: number, signal: NodeJS.Signals): NodeJS.Signals[] {
  const pid = members.get(member, field.pid);
  const system = processes(DESCENDANTS);
  const disposition = system.dispositionOf(pid, os.constants.signals[signal]);
  // This comes first: the process may end at once.
  members.set(member, field.condemned, 1);
  if (disposition === 'handled') return [signal];
  system.stopAndKillChildren(pid, markOf(members, member));
  // A worker ignores the signal because any process may send it; here its owner means it.
  return disposition === 'ignored' ? ['SIGKILL'] : [signal, 'SIGCONT'];
}
