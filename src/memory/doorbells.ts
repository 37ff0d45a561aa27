import type { Platform } from '../platform/platform.ts';
import { field, type Members } from './members.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/** From this many open doorbells on, those of members that are gone are closed first. */
const CROWDED = 64;

/** The write ends of other members' doorbells, opened when first rung. */
export class Doorbells {
  readonly #platform: Platform;
  readonly #members: Members;
  readonly #descriptors: ThreadDescriptors;
  readonly #open = new Map<number, number>();

  constructor(platform: Platform, members: Members, descriptors: ThreadDescriptors) {
    this.#platform = platform;
    this.#members = members;
    this.#descriptors = descriptors;
  }

  /** Wakes the member's event loop; false if the member is gone. */
  ring(member: number): boolean {
    let fd = this.#open.get(member);
    if (fd === undefined) {
      const { pid, doorbell, doorbellInode } = this.#read(member);
      // SYNC(join): the rest was written before the inode. It has not joined yet: it looks at everything when it does.
      if (doorbellInode === 0) return true;
      fd = this.#platform.openPipe(pid, doorbell, 'write', doorbellInode);
      if (fd === -1) return false;
      this.adopt(member, fd);
    }
    if (this.#platform.ring(fd)) return true;
    this.forget(member);
    return false;
  }

  /** Takes over a write end that this process has from elsewhere. */
  adopt(member: number, fd: number): void {
    if (this.#open.size >= CROWDED) {
      for (const known of [...this.#open.keys()]) if (this.#members.isKnownGone(known)) this.forget(known);
    }
    this.#descriptors.opened(fd);
    this.#open.set(member, fd);
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
