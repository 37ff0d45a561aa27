import { random } from '../seeded.ts';

/** Chance that comes again: the same for the same seed and the same number of an input, whatever other inputs there are. */
export class Dice {
  /** Returns a number from 0 to below 1. */
  readonly next: () => number;

  constructor(seed: number, input: number) {
    this.next = random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca6b));
  }

  /** A whole number below `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** The seed of this run: `TEST_SEED=…` has the same inputs again, and `TEST_INPUT=…` one of them alone. */
export const seed = Number(process.env.TEST_SEED ?? Date.now() % 1e9);

/** The numbers of the inputs of a test: `count` of them, and a hundred times as many in the long tests. */
export function inputs(count: number): readonly number[] {
  if (process.env.TEST_INPUT !== undefined) return [Number(process.env.TEST_INPUT)];
  return Array.from({ length: process.env.TEST_LONG ? count * 100 : count }, (_, i) => i);
}
