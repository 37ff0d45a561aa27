/** Chance that comes again: the same for the same seed and the same number of an input, whatever other inputs there are. */
export class Dice {
  #state: number;

  constructor(seed: number, input: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca6b)) | 0;
  }

  /** From 0 to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
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
