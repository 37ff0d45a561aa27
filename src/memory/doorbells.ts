import type { Pipes } from '../platform/pipes.ts';
import type { Unseen } from '../platform/processes.ts';
import { field, type Members } from './members.ts';
import type { Bells } from './signals.ts';
import type { SpareDescriptor } from './spare-descriptor.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/** From this number of open doorbells on, the doorbells of members that are gone are closed first. */
const CROWDED = 64;

interface DoorbellParts {
  readonly pipes: Pipes;
  readonly members: Members;
  readonly descriptors: ThreadDescriptors;
  readonly spareDescriptor: SpareDescriptor;
  /** This member's number. */
  readonly me: number;
}

/** The write ends of other members' doorbells, opened when first rung. */
export class Doorbells implements Bells {
  readonly #pipes: Pipes;
  readonly #members: Members;
  readonly #descriptors: ThreadDescriptors;
  readonly #spareDescriptor: SpareDescriptor;
  readonly #me: number;
  readonly #open = new Map<number, number>();

  constructor({ pipes, members, descriptors, spareDescriptor, me }: DoorbellParts) {
    this.#pipes = pipes;
    this.#me = me;
    this.#members = members;
    this.#descriptors = descriptors;
    this.#spareDescriptor = spareDescriptor;
  }

  ring(member: number): 'rung' | Unseen {
    let fd = this.#open.get(member);
    if (fd === undefined) {
      // SYNC(join): the rest was written before the inode. A member without an inode has not joined yet, and checks everything when it
      // does.
      if (this.#members.get(member, field.doorbellInode) === 0) return 'rung';
      fd = this.#openBell(member);
      if (fd === -1) return this.#ringBySpare(member);
      this.adopt(member, fd);
    }
    if (this.#pipes.ring(fd)) return 'rung';
    this.forget(member);
    return this.#members.look(member) === 'gone' ? 'gone' : 'unknown';
  }

  #ringBySpare(member: number): 'rung' | Unseen {
    if (this.#members.look(member) === 'gone') return 'gone';
    return this.#spareDescriptor.lend(() => {
      const fd = this.#openBell(member);
      if (fd === -1) return 'unknown';
      const rung = this.#pipes.ring(fd);
      this.#pipes.close(fd);
      return rung ? 'rung' : 'unknown';
    });
  }

  /** Returns the write end in this process; -1 if it cannot be opened. */
  #openBell(member: number): number {
    const { pid, doorbell, doorbellInode } = this.#read(member);
    return this.#pipes.openPipe(pid, doorbell, 'write', doorbellInode);
  }

  /** Takes over a write end that this process already has. */
  adopt(member: number, fd: number): void {
    if (this.#open.size >= CROWDED) {
      for (const known of [...this.#open.keys()]) if (this.#members.isKnownGone(known)) this.forget(known);
    }
    this.#descriptors.opened(fd);
    this.#open.set(member, fd);
  }

  /** The write end of this member's own doorbell. */
  get own(): number {
    return this.#open.get(this.#me) as number;
  }

  forget(member: number): void {
    const fd = this.#open.get(member);
    if (fd === undefined) return;
    this.#open.delete(member);
    this.#descriptors.close(fd);
  }

  #read(member: number): { pid: number; doorbell: number; doorbellInode: number } {
    return {
      pid: this.#members.get(member, field.pid),
      doorbell: this.#members.get(member, field.doorbell),
      doorbellInode: this.#members.get(member, field.doorbellInode),
    };
  }
}
