import type { Blobs } from './blobs.ts';
import type { DeskTask } from './desk-task.ts';
import { blobOf } from './pack-tasks.ts';

/** Above this number of bytes of inputs in the server, only tasks for which a slot is free add more. */
const MOST_BYTES = 64 * 2 ** 20;

/** The large inputs of a pool's tasks, which its gateway keeps in the server until the tasks are settled. */
export class InputBlobs {
  readonly #blobs: Blobs;
  /** For each task, whether its whole input is in the server. */
  readonly #tasks = new Map<DeskTask, boolean>();
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  /** True as long as the inputs in the server are not too large. */
  get hasRoom(): boolean {
    return this.#bytes < MOST_BYTES;
  }

  /** Resolves when the input of a task is in the server, where it stays for all starts of the task. One input is written at a time. */
  async store(task: DeskTask): Promise<void> {
    const isThere = this.#tasks.get(task);
    if (isThere === true) return;
    if (isThere === undefined) {
      this.#tasks.set(task, false);
      this.#bytes += task.order.input.length;
    }
    const writing = this.#last.then(() => this.#write(task));
    this.#last = writing.catch(() => {});
    await writing;
  }

  /** Removes the input of a settled task. */
  release(task: DeskTask): void {
    const isThere = this.#tasks.get(task);
    if (isThere === undefined) return;
    this.#tasks.delete(task);
    this.#bytes -= task.order.input.length;
    if (isThere) this.#remove(task);
  }

  /** Notes that the server may have lost the input of a task. */
  forget(task: DeskTask): void {
    if (this.#tasks.has(task)) this.#tasks.set(task, false);
  }

  /** Extends the time of all inputs. */
  async keep(): Promise<void> {
    await Promise.all([...this.#tasks.keys()].map(({ order }) => this.#blobs.keep(blobOf(order))));
  }

  /** Ends the writing: no input is needed any more. Resolves when nothing is being written. */
  async close(): Promise<void> {
    this.#tasks.clear();
    await this.#last;
  }

  async #write(task: DeskTask): Promise<void> {
    if (!this.#tasks.has(task)) return;
    try {
      await this.#blobs.writeInput(blobOf(task.order), task.order.input, () => this.#tasks.has(task));
    } catch (error) {
      this.#remove(task);
      throw error;
    }
    if (this.#tasks.has(task)) this.#tasks.set(task, true);
    else this.#remove(task);
  }

  #remove({ order }: DeskTask): void {
    this.#blobs.remove(blobOf(order)).catch(() => {});
  }
}
