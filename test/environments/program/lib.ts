export const factor: number = 7;

export function square(n: number): number {
  return n * n;
}

export class Counter {
  static readonly step: number = 2;
  #n = 0;

  add(): number {
    this.#n += Counter.step;
    return this.#n;
  }
}

interface Reason {
  readonly text: string;
}

export function fails(reason: Reason = { text: 'thrown by lib.ts' }): never {
  throw new RangeError(reason.text);
}
