import { setTimeout } from '../engine/builtins.ts';
import type { Processes } from '../platform/processes.ts';

/** The largest number of noted processes; one more stays a zombie after its end, until this process ends. */
const ENTRIES = 1024;
/** The owner's word while an entry is being written. */
const TAKEN = -1;
/** Milliseconds until the next check for processes that the kernel is killing. */
const CHECK = 20;

/**
 * The processes that threads of this process have started: when such a thread is ended, it cannot reap them. An entry is the thread's
 * member number, 0 for none, and the process id, negative for a detached process. Written by the thread, and by the member that reaps
 * after it.
 */
export class ThreadChildren {
  readonly #processes: Processes;
  readonly #me: number;
  readonly #entries: Int32Array<SharedArrayBuffer> | undefined;

  /** `entries` is shared by all threads of the process. Without it nothing is noted: the main thread ends with the process. */
  constructor(processes: Processes, me: number, entries: Int32Array<SharedArrayBuffer> | undefined) {
    this.#processes = processes;
    this.#me = me;
    this.#entries = entries;
  }

  static createEntries(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(new SharedArrayBuffer(ENTRIES * 8));
  }

  /** Notes a process that this thread has started. Call the returned function when the process has been reaped. */
  started(pid: number, detached: boolean): () => void {
    const entries = this.#entries ?? new Int32Array();
    for (let at = 0; at < entries.length; at += 2) {
      if (Atomics.compareExchange(entries, at, 0, TAKEN) !== 0) continue;
      entries[at + 1] = detached ? -pid : pid;
      // SYNC(child): a member that reads the owner reads the process id that belongs to it.
      Atomics.store(entries, at, this.#me);
      return () => void Atomics.store(entries, at, 0);
    }
    return () => {};
  }

  /** Reaps the processes of ended threads, now or soon; detached ones at the next call after their end. */
  reapLeft(entries: Int32Array<SharedArrayBuffer>, isGone: (member: number) => boolean): void {
    let isKilling = false;
    for (let at = 0; at < entries.length; at += 2) {
      // SYNC(child)
      const owner = Atomics.load(entries, at);
      if (owner === 0 || owner === TAKEN || !isGone(owner)) continue;
      const pid = entries[at + 1] as number;
      if (this.#processes.reap(Math.abs(pid))) Atomics.compareExchange(entries, at, owner, 0);
      else isKilling ||= pid > 0;
    }
    if (isKilling) setTimeout(() => this.reapLeft(entries, isGone), CHECK).unref();
  }
}
