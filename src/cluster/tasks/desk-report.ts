import { queueMicrotask } from '../../engine/builtins.ts';
import type { DeskNews, DeskOutcome } from './desk-task.ts';

/** What a gateway reports to the program of a pool: tasks that ended together are reported together. */
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

  /** Resolves to what has ended as soon as something has; to nothing if no task is left. The program asks once at a time. */
  next(): Promise<DeskNews> {
    return new Promise((resolve) => {
      this.#tell = resolve;
      this.tell();
    });
  }

  /** Reports to the program, if it asks, what has ended, or that no task is left. */
  tell(): void {
    if (this.#tell === undefined || (this.#outcomes.length === 0 && this.#hasTasks())) return;
    const tell = this.#tell;
    this.#tell = undefined;
    tell([this.#slots(), this.#outcomes.splice(0)]);
  }

  /** Nothing more comes. */
  close(): void {
    this.#tell?.([0, []]);
  }
}
