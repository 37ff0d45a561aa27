import type { Family } from '../memory/family.ts';
import type { Ends } from '../memory/signals.ts';

/** What there must be before a member can be started: its slot of the table, and by what it is rung and its death is seen. */
export interface Cradle {
  readonly member: number;
  readonly ends: Ends;
}

/** Makes all of it, or nothing; a `ProcessError` where the family is full. */
export function prepareMember(family: Family, isThread: boolean): Cradle {
  const member = family.reserve(isThread);
  try {
    return { member, ends: family.signals.prepare(member) };
  } catch (error) {
    family.bury(member);
    throw error;
  }
}

/** Gives all of it back, where no member has been started. */
export function giveUpMember(family: Family, { member, ends }: Cradle): void {
  ends.giveUp();
  family.bury(member);
}
