import { queueMicrotask } from '../../engine/builtins.ts';
import type { DeskNews, DeskOutcome } from './desk-task.ts';

/** Reports outcomes from a gateway to the program of a pool. Outcomes of one turn of the event loop are reported together. */
export class DeskReport {
  readonly #slots: () => number;
  readonly #hasTasks: () => boolean;
  #outcomes: DeskOutcome[] = [];
  #tell: ((news: DeskNews) => void) | undefined;

  constructor(slots: () => number, hasTasks: () => boolean) {
    this.#slots = slots;
    this.#hasTasks = hasTasks;
  }

  add(outcome: DeskOutcome): void {
    if (this.#outcomes.push(outcome) === 1) queueMicrotask(() => this.tell());
  }

  /** Resolves to the outcomes of tasks as soon as one has ended; to no outcome if no task is left. The program makes one such call at a time. */
  next(): Promise<DeskNews> {
    return new Promise((resolve) => {
      this.#tell = resolve;
      this.tell();
    });
  }

  /** Reports the outcomes, or that no task is left, if the program waits for a report. */
  tell(): void {
    if (this.#tell === undefined || (this.#outcomes.length === 0 && this.#hasTasks())) return;
    const tell = this.#tell;
    this.#tell = undefined;
    tell([this.#slots(), this.#outcomes.splice(0)]);
  }

  /** Ends the wait of the program: no outcome will come. */
  close(): void {
    this.#tell?.([0, []]);
  }
}
