/** What does not fit on the board yet: the highest priority first, in order of arrival within one. */
export class Backlog<T> {
  readonly #lines = new Map<number, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True if something of this priority or a higher one waits here: a newcomer may not pass it. */
  isHolding(priority: number): boolean {
    if (this.#size === 0) return false;
    return [...this.#lines.keys()].some((held) => held >= priority);
  }

  add(item: T, priority: number): void {
    const line = this.#lines.get(priority) ?? new Set();
    line.add(item);
    this.#lines.set(priority, line);
    this.#size++;
  }

  delete(item: T, priority: number): void {
    const line = this.#lines.get(priority);
    if (line?.delete(item)) this.#shrink(line, priority);
  }

  /** Takes the first one out. */
  take(): T | undefined {
    const priority = Math.max(...this.#lines.keys());
    const line = this.#lines.get(priority);
    if (line === undefined) return undefined;
    const [item] = line;
    line.delete(item as T);
    this.#shrink(line, priority);
    return item;
  }

  /** Takes all out. */
  drain(): T[] {
    const items = [...this.#lines.values()].flatMap((line) => [...line]);
    this.#lines.clear();
    this.#size = 0;
    return items;
  }

  #shrink(line: Set<T>, priority: number): void {
    this.#size--;
    if (line.size === 0) this.#lines.delete(priority);
  }
}
