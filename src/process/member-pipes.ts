import type { Family } from '../memory/family.ts';

/** The pipes that a member is started with, each as `[read end, write end]`. */
export interface MemberPipes {
  readonly lifeline: readonly [number, number];
  readonly doorbell: readonly [number, number];
}

/** A slot of the member table and the pipes of the member that is to have it. */
export interface Prepared {
  readonly member: number;
  readonly pipes: MemberPipes;
}

/** Takes a slot and opens the pipes, all or nothing. */
export function prepareMember(family: Family, isThread: boolean): Prepared {
  const pipes = openPipes(family);
  try {
    return { member: family.reserve(isThread), pipes };
  } catch (error) {
    closePipes(family, pipes);
    throw error;
  }
}

/** Gives all that back, where no member has been started. */
export function abandonMember(family: Family, { member, pipes }: Prepared): void {
  closePipes(family, pipes);
  family.bury(member);
}

function openPipes({ platform }: Family): MemberPipes {
  const lifeline = platform.pipe();
  try {
    return { lifeline, doorbell: platform.pipe() };
  } catch (error) {
    for (const fd of lifeline) platform.close(fd);
    throw error;
  }
}

function closePipes({ platform }: Family, { lifeline, doorbell }: MemberPipes): void {
  for (const fd of [...lifeline, ...doorbell]) platform.close(fd);
}
