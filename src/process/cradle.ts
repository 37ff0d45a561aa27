import type { Family } from '../memory/family.ts';
import { reclaim } from '../memory/reclaim.ts';
import type { Ends } from '../memory/signals.ts';

/** Everything that must exist before a member can be started: its slot in the table, its doorbell and its lifeline. */
export interface Cradle {
  readonly member: number;
  readonly ends: Ends;
}

/** Makes all of it, or nothing. Throws a `ProcessError` if the family is full. */
export function prepareMember(family: Family, isThread: boolean): Cradle {
  const member = family.reserve(isThread);
  try {
    return { member, ends: family.signals.prepare(member) };
  } catch (error) {
    reclaim(family, member);
    throw error;
  }
}

/** Frees all of it, if no member has been started. */
export function giveUpMember(family: Family, { member, ends }: Cradle): void {
  ends.giveUp();
  reclaim(family, member);
}
