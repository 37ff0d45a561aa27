import type { Pipes } from '../platform/pipes.ts';

/** The number of descriptor numbers in the table; a higher one is closed by its thread or not at all. */
const NUMBERS = 2 ** 16;
/** The word behind the entries: all numbers that were ever noted are below it. Written by the threads that note; it only grows. */
const END = NUMBERS;

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
   * Returns a table without entries: for each descriptor the thread's member number, 0 for none. Written by that thread or its starter,
   * and by the member that closes after it.
   */
  static createOwners(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(new SharedArrayBuffer((NUMBERS + 1) * 4));
  }

  /** Notes that a descriptor belongs to a thread. Returns false if the number is too high for the table. */
  static note(owners: Int32Array<SharedArrayBuffer>, fd: number, member: number): boolean {
    if (fd >= NUMBERS) return false;
    // Before the entry: a member that closes finds every entry below the end.
    for (let end = Atomics.load(owners, END); end <= fd; ) end = Atomics.compareExchange(owners, END, end, fd + 1);
    Atomics.store(owners, fd, member);
    return true;
  }

  /** Notes that nobody needs to close the descriptor after a thread. */
  static forget(owners: Int32Array<SharedArrayBuffer>, fd: number): void {
    if (fd < NUMBERS) Atomics.store(owners, fd, 0);
  }

  /** Notes that this thread has opened the descriptor. */
  opened(fd: number): void {
    if (this.#owners !== undefined) ThreadDescriptors.note(this.#owners, fd, this.#me);
  }

  /** Closes a descriptor that this thread has opened. */
  close(fd: number): void {
    this.forget(fd);
    this.#pipes.close(fd);
  }

  /** Notes that a descriptor of this thread will be closed by something else. */
  forget(fd: number): void {
    if (this.#owners !== undefined) ThreadDescriptors.forget(this.#owners, fd);
  }

  closeLeft(owners: Int32Array<SharedArrayBuffer>, isGone: (member: number) => boolean): void {
    // The check takes long, and most threads have several descriptors.
    const known = new Map([[0, false]]);
    const end = Atomics.load(owners, END);
    for (let fd = 0; fd < end; fd++) {
      const owner = Atomics.load(owners, fd);
      if (!known.has(owner)) known.set(owner, isGone(owner));
      if (!known.get(owner)) continue;
      if (Atomics.compareExchange(owners, fd, owner, 0) === owner) this.#pipes.close(fd);
    }
  }
}
