/** The number of this process among the workers of a pool. Two workers never see the same number at once. */
import { clock } from '../engine/builtins.ts';
import { family } from '../memory/family.ts';

/** Milliseconds between checks whether a holder is gone: a sibling is not told. */
const LOOK = 5;

/** A number, and the leaving members that still have it. */
export interface IndexClaim {
  readonly index: number;
  readonly holders: readonly number[];
}

let claim: IndexClaim | undefined;

/** Sets the number of this process, which counts once its holders are gone. */
export function claimIndex(claimed: IndexClaim | undefined): void {
  claim = claimed;
}

/** Returns the number; blocks the thread until its holders are gone. */
export function ownIndex(): number | undefined {
  if (claim === undefined) return undefined;
  const { index, holders } = claim;
  const { members, parker } = family();
  for (const holder of holders) while (!parker.block(() => members.isGone(holder), clock() + LOOK));
  claim = { index, holders: [] };
  return index;
}
