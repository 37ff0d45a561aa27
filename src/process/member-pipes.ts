import type { Family } from '../memory/family.ts';

/** The pipes that a member is started with, each as `[read end, write end]`. */
export interface MemberPipes {
  readonly lifeline: readonly [number, number];
  readonly doorbell: readonly [number, number];
}

/** Opens them, both or none. */
export function openPipes({ platform }: Family): MemberPipes {
  const lifeline = platform.pipe();
  try {
    return { lifeline, doorbell: platform.pipe() };
  } catch (error) {
    for (const fd of lifeline) platform.close(fd);
    throw error;
  }
}

/** Closes all ends, where no member has been started. */
export function closePipes({ platform }: Family, { lifeline, doorbell }: MemberPipes): void {
  for (const fd of [...lifeline, ...doorbell]) platform.close(fd);
}
