import { os } from '../builtins.ts';
import type { Family } from '../memory/family.ts';
import { field, type Members } from '../memory/members.ts';
import { processes } from '../platform/choose.ts';
import { afterExitHandlers } from './after-exit-handlers.ts';

/** What needs processes, in the words of an error. */
const DESCENDANTS = 'The option `descendants`';

/**
 * In a process whose descendants are to end with it: has them end also where it handles the signal that is to end it. Node handles
 * some signals from the beginning; then nobody could tell that from outside.
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

/** In a process or thread whose descendants are to end with it: has them be known as such, whoever of them ends before. */
export function markDescendants({ platform, members, me }: Family): void {
  platform.processes?.markWhatIsStarted(markOf(members, me));
}

/** By what the descendants of a member are known. */
export function markOf(members: Members, member: number): string {
  return [field.pid, field.tid, field.startTime].map((each) => members.get(member, each)).join('.');
}

/**
 * Ends what a process has started that is to be ended by a signal; answers the signals to send to the process itself. One that handles
 * the signal sees to the rest itself, at its end.
 */
export function endDescendants({ members }: Family, member: number, signal: NodeJS.Signals): NodeJS.Signals[] {
  const pid = members.get(member, field.pid);
  const system = processes(DESCENDANTS);
  const disposition = system.dispositionOf(pid, os.constants.signals[signal]);
  // First: it may end at once.
  members.set(member, field.condemned, 1);
  if (disposition === 'handled') return [signal];
  system.stopAndKillChildren(pid, markOf(members, member));
  // One that ignores it does so because it may come from anybody: here its owner means it.
  return disposition === 'ignored' ? ['SIGKILL'] : [signal, 'SIGCONT'];
}
