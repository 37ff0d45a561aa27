import { clock } from '../engine/builtins.ts';

/** Milliseconds between two warnings. */
const WARN_AGAIN = 1000;

/** Counts values that were not sealed for their place. Warns at most once a second: a stranger who writes to the server could otherwise flood the program. */
export class RefusedValues {
  readonly #warn: (text: string) => void;
  #count = 0;
  #warned = -WARN_AGAIN;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  get count(): number {
    return this.#count;
  }

  note(error: Error): void {
    this.#count++;
    if (clock() - this.#warned < WARN_AGAIN) return;
    this.#warned = clock();
    this.#warn(`${error.message} (${this.#count} refused so far)`);
  }
}
