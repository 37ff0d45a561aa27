import type { Pipes } from '../platform/pipes.ts';
import type { Doorbells } from './doorbells.ts';
import type { PipeLifelines } from './pipe-lifelines.ts';
import type { Ends, EndsOfThreads } from './signals.ts';
import { ThreadDescriptors } from './thread-descriptors.ts';

/** The ends that the starter of a member has itself. */
interface PipesOfStarter {
  readonly doorbells: Doorbells;
  readonly lifelines: PipeLifelines;
  readonly parking: number;
  readonly shared: EndsOfThreads;
}

/** The pipes of a member that is about to start: `[read end, write end]` of each. */
export class PipeEnds implements Ends {
  readonly #pipes: Pipes;
  readonly #starter: PipesOfStarter;
  readonly #member: number;
  readonly #lifeline: readonly [number, number];
  readonly #doorbell: readonly [number, number];
  /** The descriptors that the thread's end closes if it has come far enough, and that are not in the table of the threads. */
  #ofThread: readonly { readonly fd: number; readonly inode: number | undefined }[] = [];

  /** The table of the threads, if this is for one. */
  #owners: Int32Array<SharedArrayBuffer> | undefined;

  constructor(pipes: Pipes, starter: PipesOfStarter, member: number) {
    this.#pipes = pipes;
    this.#starter = starter;
    this.#member = member;
    this.#lifeline = pipes.pipe();
    try {
      this.#doorbell = pipes.pipe();
    } catch (error) {
      for (const fd of this.#lifeline) pipes.close(fd);
      throw error;
    }
  }

  forThread(): ReturnType<Ends['forThread']> {
    const { parking, shared } = this.#starter;
    const [lifeline, doorbell] = [this.#lifeline[1], this.#doorbell[0]];
    // The thread closes its doorbell only if it has ever listened to it.
    this.#owners = shared.descriptorOwners!;
    const isNoted = ThreadDescriptors.note(this.#owners, doorbell, this.#member);
    // When the thread has ended, the numbers may belong to other files: the inodes show it.
    const own = isNoted ? [lifeline] : [lifeline, doorbell];
    this.#ofThread = own.map((fd) => ({ fd, inode: this.#inodeOf(fd) }));
    return { pass: { lifeline, doorbell, parking, shared }, transfer: [] };
  }

  forProcess(): readonly number[] {
    return [this.#lifeline[1], this.#doorbell[0], this.#starter.parking, this.#starter.doorbells.own];
  }

  started(findOut: () => void): void {
    this.#starter.doorbells.adopt(this.#member, this.#doorbell[1]);
    this.#starter.lifelines.adopt(this.#member, this.#lifeline[0], findOut);
  }

  handedOver(): void {
    this.#pipes.close(this.#lifeline[1]);
    this.#pipes.close(this.#doorbell[0]);
  }

  settle(): void {
    for (const { fd, inode } of this.#ofThread) if (this.#inodeOf(fd) === inode) this.#pipes.close(fd);
  }

  giveUp(): void {
    if (this.#owners !== undefined) ThreadDescriptors.forget(this.#owners, this.#doorbell[0]);
    for (const fd of [...this.#lifeline, ...this.#doorbell]) this.#pipes.close(fd);
  }

  /** Returns `undefined` if the descriptor is closed. */
  #inodeOf(fd: number): number | undefined {
    try {
      return this.#pipes.inodeOf(fd);
    } catch {
      return undefined;
    }
  }
}
