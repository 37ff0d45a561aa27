import { clock } from '../../engine/builtins.ts';

/** Milliseconds between two warnings. */
const WARN_AGAIN = 1000;

/** Results that were not sealed for their place. Warns at most once a second: a stranger who writes to the server could otherwise flood the program. */
export class RefusedResults {
  #count = 0;
  #warned = -WARN_AGAIN;

  note(error: Error): void {
    this.#count++;
    if (clock() - this.#warned < WARN_AGAIN) return;
    this.#warned = clock();
    process.emitWarning(`A result of a task was refused: ${error.message} (${this.#count} refused so far)`);
  }
}
