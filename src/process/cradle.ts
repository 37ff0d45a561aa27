import type { Family } from '../memory/family.ts';

/** What there must be before a member can be started: its slot of the table, and its pipes, each as `[read end, write end]`. */
export interface Cradle {
  readonly member: number;
  readonly lifeline: readonly [number, number];
  readonly doorbell: readonly [number, number];
}

/** Makes all of it, or nothing; a `ProcessError` where the family is full. */
export function prepareMember(family: Family, isThread: boolean): Cradle {
  const member = family.reserve(isThread);
  const opened: number[] = [];
  const open = () => {
    const pipe = family.platform.pipe();
    opened.push(...pipe);
    return pipe;
  };
  try {
    return { member, lifeline: open(), doorbell: open() };
  } catch (error) {
    for (const fd of opened) family.platform.close(fd);
    family.bury(member);
    throw error;
  }
}

/** Gives all of it back, where no member has been started. */
export function giveUpMember(family: Family, { member, lifeline, doorbell }: Cradle): void {
  for (const fd of [...lifeline, ...doorbell]) family.platform.close(fd);
  family.bury(member);
}
