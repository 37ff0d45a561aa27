/** The slots of a host. While processes of a task wait for other tasks of the cluster, the slot of the task is lent, and counts as free. */
export class Slots {
  readonly size: number;
  #claimed = 0;
  /** The workers whose slots are lent, each with the number of its processes that wait. */
  readonly #loans = new Map<unknown, number>();

  constructor(size: number) {
    this.size = size;
  }

  get taken(): number {
    return this.#claimed - this.#loans.size;
  }

  get isFree(): boolean {
    return this.taken < this.size;
  }

  claim(): void {
    this.#claimed++;
  }

  giveBack(): void {
    this.#claimed--;
  }

  /** Lends the slot of a worker, for one of its processes that waits. Returns a function that ends the loan. */
  lend(worker: unknown): () => void {
    this.#loans.set(worker, (this.#loans.get(worker) ?? 0) + 1);
    return () => {
      const left = this.#loans.get(worker)! - 1;
      if (left > 0) this.#loans.set(worker, left);
      else this.#loans.delete(worker);
    };
  }
}
