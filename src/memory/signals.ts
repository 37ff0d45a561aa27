import type { MessagePort } from 'node:worker_threads';
import type { Unseen } from '../platform/processes.ts';
import type { WatchPass } from './thread-watcher.ts';

/** How a member sleeps, in its word `field.parked`: see README.md, "Wake-up". */
export const parked = {
  /** It runs, and checks its conditions before it sleeps again: it need not be woken. */
  AWAKE: 0,
  /** Ring its doorbell: its event loop hears it, or its thread that is blocked over the bell. */
  ARMED: 1,
  /** Its thread is blocked at this very word. */
  SLEEPING: 2,
} as const;

/** Reports the death of other members. */
export interface Lifelines {
  /** Calls back when the member dies; returns false if it is gone already. A waiter often waits for the same peer again. */
  watch(member: number, callback: () => void): boolean;
  unwatch(member: number, callback: () => void): void;
  /** The member is dead. */
  ended(member: number): void;
  /** Checks at once whether a child of this thread has ended, and handles its end if so. */
  lookAt(member: number): void;
}

/** Reports to an event loop that its member was rung. It keeps the program alive only after `ref`. */
export interface Listening {
  ref(): void;
  unref(): void;
}

/** The ends by which a member that is about to start will be rung, and its death be seen, as its starter has them. */
export interface Ends {
  /** What a thread is given, and the ports that are moved there with it. */
  forThread(): { readonly pass: EndsPass; readonly transfer: readonly MessagePort[] };
  /** Returns the descriptors that a process inherits, in order: its lifeline, its doorbell, the parking place, this member's own bell. */
  forProcess(): readonly number[];
  /** The member has been started. Its death is seen from now on: `findOut` finds out whether it has really ended. */
  started(findOut: () => void): void;
  /** The process has been given what it inherits. */
  handedOver(): void;
  /** Closes what an ended thread has left open. */
  settle(): void;
  /** Frees all of it: nothing has been started. */
  giveUp(): void;
}

/** The ends that a member has of its own: descriptors, or words and ports. */
export interface EndsPass {
  readonly lifeline: number;
  readonly doorbell?: number;
  readonly parking?: number;
  /** The write end of its parent's doorbell; a thread opens it itself. */
  readonly parentBell?: number;
  /** What all threads of the process share. */
  readonly shared?: EndsOfThreads;
  /** For a thread without pipes: its ports. */
  readonly watch?: WatchPass;
}

/** What the threads of one process share to report ended threads and to clean up after them. */
export interface EndsOfThreads {
  /** The key by which lifelines are closed at the end of threads. */
  readonly threadKey?: number;
  /** The words of `ThreadDescriptors`. */
  readonly descriptorOwners?: Int32Array<SharedArrayBuffer>;
  /** The words of `ThreadChildren`. */
  readonly children?: Int32Array<SharedArrayBuffer>;
  /** The words of `Lives`. */
  readonly lives?: SharedArrayBuffer;
}

/** Wakes the event loops of other members. */
export interface Bells {
  /** Wakes the member's event loop. Unknown: the bell could not be rung, and the member is not known to be gone. Never throws. */
  ring(member: number): 'rung' | Unseen;
  /** Releases everything that this thread has of a dead member. */
  forget(member: number): void;
}

/** How one member sleeps, is woken, wakes others, and learns of their deaths. Only `prepare` and `join` may throw. */
export interface Signals {
  readonly lifelines: Lifelines;
  readonly doorbells: Bells;
  /** Makes everything that a member needs that is about to start, or nothing. */
  prepare(member: number): Ends;
  /** Fills in the fields of this member's record by which others reach it, and sets it live; returns false if it was reclaimed by then. */
  join(): boolean;
  /** Returns whether a member that has joined is there. Unknown: the check has failed. */
  look(member: number): 'there' | Unseen;
  /** True if a process that has not joined yet is certainly gone. */
  isProcessGone(pid: number): boolean;
  /** Calls `onRing` whenever this member is rung while its event loop turns; called once. */
  listen(onRing: () => void): Listening;
  /**
   * Returns the way in which this thread has to sleep, for the deaths that it waits for; AWAKE if it has just learned of a death and must
   * check again.
   */
  wayToSleep(): number;
  /** Sleeps in that way, at most `timeout` ms, until woken or a death is seen. */
  sleep(way: number, timeout: number): void;
  /** Cleans up after ended threads of this process: closes their descriptors, reaps their children. */
  settleThreads(): void;
}
