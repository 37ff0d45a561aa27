import { readSync } from 'node:fs';
import { family } from '#dist/memory/family.js';
import { GRANULE } from '#dist/memory/heap.js';
import { layout } from '#dist/memory/layout.js';

/** See memory/allocator.ts: words of the allocator and of a block's header, and sizes. */
const allocator = { top: 0, warmLists: 8, coldLists: 40 } as const;
const header = { sizeClass: 0, nextFree: 1 } as const;
const SMALLEST = 128;
const LARGE_CLASS = 16;
const LARGE = 2 ** LARGE_CLASS;
const PIECE = 2 ** 20;
const CLASSES = 32;

/**
 * How many blocks of each size the family's heap has given out and not got back, by the power of two of their bytes. It is read from
 * the file, so what was never written stays unwritten. It is exact while nobody allocates or frees.
 */
export function blocksInUse(): number[] {
  const fd = family().heap.memory.pass.file as number;
  const words = read(fd, layout.allocator, 80);
  const end = (words[allocator.top]! >>> 0) * GRANULE;
  const counts = new Array<number>(CLASSES).fill(0);
  for (let at = layout.blocks; at < end; ) {
    const sizeClass = read(fd, at, 1)[header.sizeClass] as number;
    if (sizeClass >= LARGE_CLASS) {
      counts[sizeClass]!++;
      at += 2 ** sizeClass;
    } else if (sizeClass > 0) {
      // Also where its first block was not written any more.
      const piece = at - (at % PIECE);
      countSmall(read(fd, piece, PIECE / 4), counts);
      at = piece + PIECE;
    } else {
      // Nothing: what follows is aligned to its own size.
      at += LARGE;
    }
  }
  for (const lists of [allocator.warmLists, allocator.coldLists]) {
    for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      for (let granule = words[lists + sizeClass]! >>> 0; granule !== 0; ) {
        counts[sizeClass]!--;
        granule = read(fd, granule * GRANULE, 2)[header.nextFree]! >>> 0;
      }
    }
  }
  return counts;
}

/** The blocks that were cut from a piece. */
function countSmall(piece: Int32Array, counts: number[]): void {
  for (let at = 0; at < PIECE; ) {
    const sizeClass = piece[at / 4 + header.sizeClass] as number;
    if (sizeClass > 0) counts[sizeClass]!++;
    at += sizeClass > 0 ? 2 ** sizeClass : SMALLEST;
  }
}

function read(fd: number, at: number, count: number): Int32Array {
  const words = new Int32Array(count);
  readSync(fd, words, 0, words.byteLength, at);
  return words;
}
