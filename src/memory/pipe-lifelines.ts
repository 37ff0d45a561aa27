import type { Pipes } from '../platform/pipes.ts';
import { field, type Members } from './members.ts';
import type { Lifelines } from './signals.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/** A member whose death this thread waits for. */
interface Watch {
  /** The read end of the lifeline; -1 if it could not be opened: then the kernel is asked from time to time. */
  readonly fd: number;
  readonly callbacks: Set<() => void>;
  readonly close: () => void;
  /** For a child of this thread: finds out whether it has really ended, and if so calls `ended`. */
  readonly findOut?: () => void;
}

/**
 * Reports the death of other members. A lifeline is a pipe whose write end only its member holds, so the kernel closes it however that
 * member dies. A watcher holds the read end and sees the end of the stream. The end of a stream is no proof, because a program may close
 * descriptors that are not its own: it is a reason to ask the kernel.
 */
export class PipeLifelines implements Lifelines {
  readonly #pipes: Pipes;
  readonly #members: Members;
  readonly #descriptors: ThreadDescriptors;
  readonly #remind: (callback: () => void) => void;
  readonly #watches = new Map<number, Watch>();

  /** `remind` calls back after about 20 ms, even if the thread is blocked by then. */
  constructor(pipes: Pipes, members: Members, descriptors: ThreadDescriptors, remind: (callback: () => void) => void) {
    this.#pipes = pipes;
    this.#members = members;
    this.#descriptors = descriptors;
    this.#remind = remind;
  }

  /**
   * Calls back when the member dies; returns false if it is gone already. The read end stays open for the next watch, until the member
   * dies: a waiter often waits for the same peer again.
   */
  watch(member: number, callback: () => void): boolean {
    let watch = this.#watches.get(member);
    if (watch === undefined) {
      // SYNC(join): the rest was written before the inode. A member that has not joined cannot own anything that others wait for.
      if (this.#members.get(member, field.lifelineInode) === 0) return !this.#members.isKnownGone(member);
      watch = this.#begin(member);
      if (watch === undefined) return false;
    }
    watch.callbacks.add(callback);
    if (watch.fd === -1) this.#remind(this.#lookAgain);
    return true;
  }

  /**
   * Watches a child by the read end that its parent has from the start. At its end `findOut` is called; it calls `ended` if the child has
   * really ended, as the parent does when the event loop reports it.
   */
  adopt(member: number, fd: number, findOut: () => void): void {
    this.#descriptors.opened(fd);
    const watch = { fd, callbacks: new Set([() => {}]), close: () => this.#descriptors.close(fd), findOut };
    this.#watches.set(member, watch);
  }

  unwatch(member: number, callback: () => void): void {
    this.#watches.get(member)?.callbacks.delete(callback);
  }

  /** Iterates over the descriptors to poll while the event loop stands still, each with its member. */
  *watched(): Generator<[fd: number, member: number]> {
    for (const [member, { fd, callbacks }] of this.#watches) if (fd !== -1 && callbacks.size > 0) yield [fd, member];
  }

  /** The lifeline of the member has ended: `watched` has shown it, or the parent has seen it. */
  hasEnded(member: number): void {
    const watch = this.#watches.get(member);
    if (watch === undefined) return;
    if (watch.findOut !== undefined) {
      watch.findOut();
      return;
    }
    // The lifeline of a thread is closed at its very end, when the kernel still knows the thread.
    if (this.#members.get(member, field.thread) === 1 || this.#members.isGone(member)) {
      this.ended(member);
      return;
    }
    watch.close();
    this.#watches.set(member, { ...watch, fd: -1, close: () => {} });
    this.#remind(this.#lookAgain);
  }

  lookAt(member: number): void {
    const fd = this.#watches.get(member)?.fd;
    const ready = fd === undefined ? [] : this.#pipes.poll([fd], 0);
    if (ready === undefined) this.askKernel(member);
    else if (ready.length > 0) this.hasEnded(member);
  }

  /** Asks the kernel about a member whose lifeline cannot be read. */
  askKernel(member: number): void {
    const isThread = this.#members.get(member, field.thread) === 1;
    const findOut = this.#watches.get(member)?.findOut;
    // For a child process, which finds out by itself, even if the child has not joined.
    if (!isThread && findOut !== undefined) findOut();
    else if (this.#members.isGone(member)) this.hasEnded(member);
  }

  ended(member: number): void {
    const watch = this.#watches.get(member);
    if (watch === undefined) return;
    this.#watches.delete(member);
    watch.close();
    for (const callback of watch.callbacks) callback();
  }

  #begin(member: number): Watch | undefined {
    const pid = this.#members.get(member, field.pid);
    const inode = this.#members.get(member, field.lifelineInode);
    const fd = this.#pipes.openPipe(pid, this.#members.get(member, field.lifeline), 'read', inode);
    // Only now is it certain that the bytes read do not belong to a later member in the same record.
    if (fd === -1 ? this.#members.isGone(member) : this.#members.isKnownGone(member)) {
      if (fd !== -1) this.#pipes.close(fd);
      return undefined;
    }
    const watch = fd === -1 ? { fd, callbacks: new Set<() => void>(), close: () => {} } : this.#open(member, fd);
    this.#watches.set(member, watch);
    return watch;
  }

  /** Checks the members whose lifeline could not be opened. */
  readonly #lookAgain = (): void => {
    let isBlind = false;
    for (const [member, { fd, callbacks }] of [...this.#watches]) {
      if (fd !== -1 || callbacks.size === 0) continue;
      if (this.#members.isGone(member)) this.ended(member);
      else isBlind = true;
    }
    if (isBlind) this.#remind(this.#lookAgain);
  };

  #open(member: number, fd: number): Watch {
    const { Socket } = process.getBuiltinModule('node:net');
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.unref();
    socket.on('error', () => {});
    const onEnd = () => this.hasEnded(member);
    socket.once('close', onEnd);
    socket.resume();
    const close = () => {
      socket.off('close', onEnd);
      socket.destroy();
    };
    return { fd, callbacks: new Set<() => void>(), close };
  }
}
