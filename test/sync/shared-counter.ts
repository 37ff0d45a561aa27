import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';

/** A place in the heap for a plain number that nothing guards: it may be sent to any member. */
export function newCounter(): number {
  const counter = family().allocator.allocate(64, 0);
  family().heap.words(counter)[wordIndex(counter)] = 0;
  return counter;
}

/** Adds to the number in two steps, a read and a write, and answers it. */
export function add(counter: number, amount = 1): number {
  const words = family().heap.words(counter);
  const at = wordIndex(counter);
  return (words[at] = (words[at] as number) + amount);
}

/** Reads the number only: others may be adding to it. */
export function count(counter: number): number {
  return family().heap.words(counter)[wordIndex(counter)] as number;
}

export function freeCounter(counter: number): void {
  family().allocator.free(counter);
}
