import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { blocksInUse } from './blocks-in-use.ts';
import type { Order } from './order.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How many blocks a death between two stores may cost at most: those of one object that was being made, or taken apart. */
const LOST = 8;

/** How many blocks of each size the family has in use once nobody takes or gives back any more, nor collects objects. */
export async function settledBlocks(): Promise<readonly number[]> {
  let blocks = blocksInUse();
  for (let same = 0; same < 3; ) {
    collect();
    await sleep(5);
    const now = blocksInUse();
    same = now.every((count, size) => count === blocks[size]) ? same + 1 : 0;
    blocks = now;
  }
  return blocks;
}

/** The blocks that are in use now and were not before, in words; empty if there are none, but for what a death may cost. */
export function notBack(now: readonly number[], before: readonly number[], way: Order['way']): string {
  const more = now.map((count, size) => Math.max(0, count - before[size]!));
  const sum = more.reduce((a, b) => a + b, 0);
  if (sum <= (way === 'kill' ? LOST : 0)) return '';
  return more.flatMap((count, size) => (count === 0 ? [] : [`${count} of ${2 ** size} bytes`])).join(', ');
}
