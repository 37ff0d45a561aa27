import type { Envelope } from '../ring/envelope.ts';
import type { Job } from './jobs.ts';

/** A task that the owner keeps, with its envelope if it has been packed before. */
export interface Held {
  readonly job: Job;
  readonly envelope: Envelope | undefined;
}

/** The tasks of one priority, in order. Tasks that have settled meanwhile are skipped when their turn comes. */
interface Line {
  readonly priority: number;
  items: Held[];
  first: number;
}

/** The tasks that do not fit on the board: the highest priority first, in order of arrival within a priority. */
export class Backlog {
  readonly #lines = new Map<number, Line>();
  /** All lines, sorted with the highest priority last. */
  readonly #sorted: Line[] = [];
  readonly #discard: (envelope: Envelope) => void;
  #size = 0;

  /** `discard` receives the envelopes of tasks that are not sent after all. */
  constructor(discard: (envelope: Envelope) => void) {
    this.#discard = discard;
  }

  /** The number of unsettled tasks that wait here. */
  get size(): number {
    return this.#size;
  }

  /** True if a task of this priority or a higher one waits here: a new task must not overtake it. */
  isHolding(priority: number): boolean {
    return this.#size > 0 && (this.#top()?.priority ?? Number.NEGATIVE_INFINITY) >= priority;
  }

  add(held: Held): void {
    this.#line(held.job.options.priority).items.push(held);
    this.#size++;
  }

  /** Puts tasks of one priority back, before all others of this priority. */
  putBack(held: readonly Held[]): void {
    const [one] = held;
    if (one === undefined) return;
    const line = this.#line(one.job.options.priority);
    line.items = [...held, ...line.items.slice(line.first)];
    line.first = 0;
    this.#size += held.length;
  }

  /** A task that waits here was settled. */
  forget(): void {
    this.#size--;
  }

  /** Returns the task whose turn it is; the task stays here. */
  peek(): Held | undefined {
    const line = this.#top();
    return line?.items[line.first];
  }

  /** Takes out the task that `peek` returned. */
  shift(): void {
    const line = this.#top();
    if (line === undefined) return;
    this.#advance(line);
    this.#size--;
  }

  /** Takes all tasks out. */
  drain(): Job[] {
    const all = [...this.#lines.values()].flatMap((line) => line.items.slice(line.first));
    this.#lines.clear();
    this.#sorted.length = 0;
    this.#size = 0;
    for (const { envelope } of all) if (envelope !== undefined) this.#discard(envelope);
    return all.map(({ job }) => job);
  }

  #line(priority: number): Line {
    let line = this.#lines.get(priority);
    if (line !== undefined) return line;
    line = { priority, items: [], first: 0 };
    this.#lines.set(priority, line);
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.priority < priority) low = middle + 1;
      else high = middle;
    }
    this.#sorted.splice(low, 0, line);
    return line;
  }

  /** Returns the line of the highest priority, at its first unsettled task. */
  #top(): Line | undefined {
    for (;;) {
      const line = this.#sorted.at(-1);
      if (line === undefined) return undefined;
      while (line.first < line.items.length && line.items[line.first]!.job.settled) {
        const { envelope } = line.items[line.first]!;
        if (envelope !== undefined) this.#discard(envelope);
        this.#advance(line);
      }
      if (line.first < line.items.length) return line;
      this.#sorted.pop();
      this.#lines.delete(line.priority);
    }
  }

  #advance(line: Line): void {
    line.items[line.first++] = undefined as never;
    if (line.first < 1024 || line.first * 2 < line.items.length) return;
    line.items = line.items.slice(line.first);
    line.first = 0;
  }
}
