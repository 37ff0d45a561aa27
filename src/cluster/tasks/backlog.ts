/** Tasks that wait in the gateway: the highest priority first, in order of arrival within a priority. */
export class Backlog<Task extends { readonly priority: number }> {
  readonly #lines = new Map<number, Set<Task>>();
  /** The priorities in use, the highest last. */
  #order: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(task: Task): void {
    let line = this.#lines.get(task.priority);
    if (line === undefined) {
      this.#lines.set(task.priority, (line = new Set()));
      this.#order = [...this.#lines.keys()].sort((a, b) => a - b);
    }
    line.add(task);
    this.#size++;
  }

  peek(): Task | undefined {
    const priority = this.#order.at(-1);
    return priority === undefined ? undefined : this.#lines.get(priority)!.values().next().value;
  }

  /** Takes the task that is next. */
  shift(): Task | undefined {
    const task = this.peek();
    if (task !== undefined) this.delete(task);
    return task;
  }

  delete(task: Task): void {
    const line = this.#lines.get(task.priority);
    if (line?.delete(task) !== true) return;
    this.#size--;
    if (line.size > 0) return;
    this.#lines.delete(task.priority);
    this.#order = this.#order.filter((priority) => priority !== task.priority);
  }
}
