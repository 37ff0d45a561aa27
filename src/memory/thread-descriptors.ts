import type { Pipes } from '../platform/pipes.ts';

/** The number of descriptor numbers in the table; a higher one is closed by its thread or not at all. */
const NUMBERS = 2 ** 16;

/**
 * Which thread of this process has opened which descriptor, so that the descriptors of an ended thread can be closed: an ended thread
 * runs nothing. An entry is written after the descriptor was opened and erased before it is closed. An end in between can leave a
 * descriptor open, but never closes another thread's descriptor.
 */
export class ThreadDescriptors {
  readonly #pipes: Pipes;
  readonly #me: number;
  readonly #owners: Int32Array<SharedArrayBuffer> | undefined;

  /** `owners` is shared by all threads of the process. Without it nothing is noted: the main thread ends with the process. */
  constructor(pipes: Pipes, me: number, owners: Int32Array<SharedArrayBuffer> | undefined) {
    this.#pipes = pipes;
    this.#me = me;
    this.#owners = owners;
  }

  /**
   * Returns a table without entries: for each descriptor the thread's member number, 0 for none. Written by that thread, and by the
   * member that closes after it.
   */
  static createOwners(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(new SharedArrayBuffer(NUMBERS * 4));
  }

  /** Notes that this thread has opened the descriptor. */
  opened(fd: number): void {
    if (this.#owners !== undefined && fd < NUMBERS) Atomics.store(this.#owners, fd, this.#me);
  }

  /** Closes a descriptor that this thread has opened. */
  close(fd: number): void {
    if (this.#owners !== undefined && fd < NUMBERS) Atomics.store(this.#owners, fd, 0);
    this.#pipes.close(fd);
  }

  closeLeft(owners: Int32Array<SharedArrayBuffer>, isGone: (member: number) => boolean): void {
    // The check takes long, and most threads have several descriptors.
    const known = new Map([[0, false]]);
    for (let fd = 0; fd < NUMBERS; fd++) {
      const owner = Atomics.load(owners, fd);
      if (!known.has(owner)) known.set(owner, isGone(owner));
      if (!known.get(owner)) continue;
      if (Atomics.compareExchange(owners, fd, owner, 0) === owner) this.#pipes.close(fd);
    }
  }
}
