import type { Platform } from '../platform/platform.ts';
import { field, type Members } from './members.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/** One member whose death somebody here wants to know of. */
interface Watch {
  readonly fd: number;
  readonly callbacks: Set<() => void>;
  readonly close: () => void;
}

/**
 * Tells of the death of other members. A lifeline is a pipe whose write end only its member holds, so the kernel closes it
 * however that member dies; who watches holds the read end and sees the end of the stream.
 */
export class Lifelines {
  readonly #platform: Platform;
  readonly #members: Members;
  readonly #descriptors: ThreadDescriptors;
  readonly #watches = new Map<number, Watch>();

  constructor(platform: Platform, members: Members, descriptors: ThreadDescriptors) {
    this.#platform = platform;
    this.#members = members;
    this.#descriptors = descriptors;
  }

  /**
   * Calls back when the member dies; false if it is gone already. The read end stays open for the next watch, until the member
   * dies: a waiter often waits for the same peer again.
   */
  watch(member: number, callback: () => void): boolean {
    let watch = this.#watches.get(member);
    if (watch === undefined) {
      const inode = this.#members.get(member, field.lifelineInode);
      // SYNC(join): the rest was written before the inode. Not joined yet: it cannot own anything that somebody waits for.
      if (inode === 0) return !this.#members.isKnownGone(member);
      const pid = this.#members.get(member, field.pid);
      const fd = this.#platform.openPipe(pid, this.#members.get(member, field.lifeline), 'read', inode);
      // Only now is it certain that what was read is not of a later member in the same record.
      if (fd !== -1 && this.#members.isKnownGone(member)) {
        this.#platform.close(fd);
        return false;
      }
      if (fd === -1) return false;
      watch = this.#open(member, fd);
    }
    watch.callbacks.add(callback);
    return true;
  }

  /** Watches a child by the read end that its parent has from the start; the parent calls `ended` when the event loop learns of it. */
  adopt(member: number, fd: number, callback: () => void): void {
    this.#descriptors.opened(fd);
    this.#watches.set(member, { fd, callbacks: new Set([callback]), close: () => this.#descriptors.close(fd) });
  }

  unwatch(member: number, callback: () => void): void {
    this.#watches.get(member)?.callbacks.delete(callback);
  }

  /** The descriptors to poll while the event loop stands still, with the member that each belongs to. */
  *watched(): Generator<[fd: number, member: number]> {
    for (const [member, { fd, callbacks }] of this.#watches) if (callbacks.size > 0) yield [fd, member];
  }

  /** Says that the member is dead: what `watched` showed at its end, or what was learned elsewhere. */
  ended(member: number): void {
    const watch = this.#watches.get(member);
    if (watch === undefined) return;
    this.#watches.delete(member);
    watch.close();
    for (const callback of watch.callbacks) callback();
  }

  #open(member: number, fd: number): Watch {
    const { Socket } = process.getBuiltinModule('node:net');
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.unref();
    socket.on('error', () => {});
    socket.once('close', () => this.ended(member));
    socket.resume();
    const watch = { fd, callbacks: new Set<() => void>(), close: () => socket.destroy() };
    this.#watches.set(member, watch);
    return watch;
  }
}
