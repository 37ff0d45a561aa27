import type { MessagePort } from 'node:worker_threads';
import type { Unseen } from '../platform/processes.ts';

/** How a member sleeps, in its word `field.parked`: see README.md, "Wake-up". */
export const parked = {
  /** It runs, and looks at its conditions before it sleeps again: leave it alone. */
  AWAKE: 0,
  /** Ring its doorbell: its event loop hears it, or its thread that is blocked over the bell. */
  ARMED: 1,
  /** Its thread is blocked at this very word. */
  SLEEPING: 2,
} as const;

/** Tells of the death of other members. */
export interface Lifelines {
  /** Calls back when the member dies; false if it is gone already. A waiter often waits for the same peer again. */
  watch(member: number, callback: () => void): boolean;
  unwatch(member: number, callback: () => void): void;
  /** Says that the member is dead. */
  ended(member: number): void;
  /** Looks at once whether a child of this thread has ended, and has it found out if so. */
  lookAt(member: number): void;
}

/** What tells an event loop that its member was rung. It does not keep the program alive but for `ref`. */
export interface Listening {
  ref(): void;
  unref(): void;
}

/** By what a member that is about to start will be rung, and its death be seen, as the one who starts it has them. */
export interface Ends {
  /** What a thread is given, and what moves there with it. */
  forThread(): { readonly pass: EndsPass; readonly transfer: readonly MessagePort[] };
  /** What a process inherits, in order: its lifeline, its doorbell, the parking place, this member's own bell. */
  forProcess(): readonly number[];
  /** Says that it has been started. Its death is seen from now on: `findOut` finds out whether it has ended indeed. */
  started(findOut: () => void): void;
  /** Has given a process what it inherits. */
  handedOver(): void;
  /** Closes what a thread has left open that is gone. */
  settle(): void;
  /** Gives all of it back: nothing has been started. */
  giveUp(): void;
}

/** What a member has of its own ends: descriptors, or words and ports. */
export interface EndsPass {
  readonly lifeline: number;
  readonly doorbell?: number;
  readonly parking?: number;
  /** The write end of its parent's doorbell; a thread opens that itself. */
  readonly parentBell?: number;
  /** What all threads of the process share. */
  readonly shared?: EndsOfThreads;
  /** Of a thread, where there are no pipes: what ends with it, and the way to have the end of others watched. */
  readonly life?: MessagePort;
  readonly toWatcher?: MessagePort;
}

/** What the threads of one process share to tell, and clean up, what ended ones have left. */
export interface EndsOfThreads {
  /** By it lifelines are closed at the end of threads. */
  readonly threadKey?: number;
  /** Of `ThreadDescriptors`. */
  readonly descriptorOwners?: Int32Array<SharedArrayBuffer>;
  /** Of `ThreadChildren`. */
  readonly children?: Int32Array<SharedArrayBuffer>;
  /** Of `Lives`. */
  readonly lives?: SharedArrayBuffer;
}

/** How one member sleeps, is woken and wakes others, and how it learns of their deaths. Nothing here throws but `prepare` and `join`. */
export interface Signals {
  readonly lifelines: Lifelines;
  /** Makes what a member needs that is about to start, or nothing. */
  prepare(member: number): Ends;
  /** Fills in the fields of this member's record by which others reach it, and says that it lives; false if it was buried by then. */
  join(): boolean;
  /** Whether a member that has joined is there. Unknown: the look has failed. */
  look(member: number): 'there' | Unseen;
  /** True if a process that has not joined yet is gone for certain. */
  isProcessGone(pid: number): boolean;
  /** Wakes the member's event loop. Unknown: the bell could not be rung, and the member is not known to be gone. */
  ring(member: number): 'rung' | Unseen;
  /** Lets go of what there is of a dead member. */
  forget(member: number): void;
  /** Has `onRing` called whenever this member is rung while its event loop turns; once. */
  listen(onRing: () => void): Listening;
  /** How this thread has to sleep, for the deaths that it waits for; AWAKE if it has just learned of one and is to look again. */
  wayToSleep(): number;
  /** Sleeps in that way, `timeout` ms at most, until woken or a death is seen. */
  sleep(way: number, timeout: number): void;
  /** Does what threads of this process can no longer do that are gone. */
  settleThreads(): void;
}
