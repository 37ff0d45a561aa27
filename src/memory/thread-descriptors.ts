import type { Pipes } from '../platform/pipes.ts';

/** How many descriptor numbers the table has room for; one beyond is closed by its thread or not at all. */
const NUMBERS = 2 ** 16;

/**
 * Which thread of this process has opened which descriptor, so that those of a thread that was ended can be closed: it runs
 * nothing at its end. An entry is written after the descriptor was opened and erased before it is closed, so that an end in
 * between leaves a descriptor open, and never closes one of somebody else.
 */
export class ThreadDescriptors {
  readonly #pipes: Pipes;
  readonly #me: number;
  readonly #owners: Int32Array<SharedArrayBuffer> | undefined;

  /** `owners` is what all threads of the process share; without it nothing is noted: the main thread's end with the process. */
  constructor(pipes: Pipes, me: number, owners: Int32Array<SharedArrayBuffer> | undefined) {
    this.#pipes = pipes;
    this.#me = me;
    this.#owners = owners;
  }

  /** A table without entries: by descriptor the name of the thread, 0 for none. Written by that thread, and by whoever closes after it. */
  static createOwners(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(new SharedArrayBuffer(NUMBERS * 4));
  }

  /** Notes that this thread has opened it. */
  opened(fd: number): void {
    if (this.#owners !== undefined && fd < NUMBERS) Atomics.store(this.#owners, fd, this.#me);
  }

  /** Closes what this thread has opened. */
  close(fd: number): void {
    if (this.#owners !== undefined && fd < NUMBERS) Atomics.store(this.#owners, fd, 0);
    this.#pipes.close(fd);
  }

  /** Closes what threads have left that are gone. */
  closeLeft(owners: Int32Array<SharedArrayBuffer>, isGone: (member: number) => boolean): void {
    // To ask takes long, and most threads have several.
    const known = new Map([[0, false]]);
    for (let fd = 0; fd < NUMBERS; fd++) {
      const owner = Atomics.load(owners, fd);
      if (!known.has(owner)) known.set(owner, isGone(owner));
      if (!known.get(owner)) continue;
      if (Atomics.compareExchange(owners, fd, owner, 0) === owner) this.#pipes.close(fd);
    }
  }
}
