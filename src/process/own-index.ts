/** The number of this process among the workers of a pool: never two of them know the same one at once. */
import { clock } from '../builtins.ts';
import { family } from '../memory/family.ts';

/** How often to look whether somebody is gone, in ms: nobody tells a sibling. */
const LOOK = 5;

/** A number, and the members that have it, too, and are leaving. */
export interface IndexClaim {
  readonly index: number;
  readonly holders: readonly number[];
}

let claim: IndexClaim | undefined;

/** Says which number this process has once its holders are gone. */
export function claimIndex(claimed: IndexClaim | undefined): void {
  claim = claimed;
}

/** That number; blocks the thread until it has it. */
export function ownIndex(): number | undefined {
  if (claim === undefined) return undefined;
  const { index, holders } = claim;
  const { members, parker } = family();
  for (const holder of holders) while (!parker.block(() => members.isGone(holder), clock() + LOOK));
  claim = { index, holders: [] };
  return index;
}
