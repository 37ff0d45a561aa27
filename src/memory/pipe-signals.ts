import { PlatformError } from '../contracts/errors.ts';
import type { Parking } from '../platform/parking.ts';
import type { Pipes } from '../platform/pipes.ts';
import type { Processes, Unseen } from '../platform/processes.ts';
import { Doorbells } from './doorbells.ts';
import type { Heap } from './heap.ts';
import { field, type Members, state } from './members.ts';
import { PipeEnds } from './pipe-ends.ts';
import { PipeLifelines } from './pipe-lifelines.ts';
import { type Ends, type EndsOfThreads, type EndsPass, type Listening, parked, type Signals } from './signals.ts';
import { SpareDescriptor } from './spare-descriptor.ts';
import { ThreadChildren } from './thread-children.ts';
import { ThreadDescriptors } from './thread-descriptors.ts';

/** Milliseconds of sleep where the system cannot wait for descriptors at the moment. */
const NAP = 20;

/** The calls of a system with processes. */
interface PipeCalls {
  readonly pipes: Pipes;
  readonly processes: Processes;
  readonly parking: Parking;
}

interface PipeSignalsParts {
  readonly calls: PipeCalls;
  readonly heap: Heap;
  readonly members: Members;
  /** This member's number. */
  readonly me: number;
  /** What the starter of this member has given it. */
  readonly pass: EndsPass | undefined;
  /** Calls back after about 20 ms, even if the thread is blocked by then. */
  readonly remind: (callback: () => void) => void;
}

/**
 * Signals between processes, and threads of processes. Each member has two pipes, a doorbell and a lifeline, and the kernel knows which
 * members live.
 */
export class PipeSignals implements Signals {
  readonly doorbells: Doorbells;
  readonly lifelines: PipeLifelines;
  /** A descriptor for checks that need one. */
  readonly spareDescriptor: SpareDescriptor;
  /** The queue of descriptors that are being sent between members: see channel/descriptors.ts. All members hold it. */
  readonly parking: number;
  readonly threadChildren: ThreadChildren;
  readonly #pipes: Pipes;
  readonly #processes: Processes;
  readonly #heap: Heap;
  readonly #members: Members;
  readonly #me: number;
  readonly #descriptors: ThreadDescriptors;
  /** The read end of this member's own bell, the write end of its lifeline, and of its parent's bell. */
  readonly #own: { readonly doorbell: number; readonly lifeline: number; readonly parentBell: number | undefined };
  /** The write end of its own bell if this process has it already, otherwise -1. */
  readonly #ownRing: number;
  #shared: EndsOfThreads | undefined;
  #watched: readonly [fd: number, member: number][] = [];

  constructor({ calls, heap, members, me, pass, remind }: PipeSignalsParts) {
    const { pipes, processes } = calls;
    this.#pipes = pipes;
    this.#processes = processes;
    this.#heap = heap;
    this.#members = members;
    this.#me = me;
    this.#shared = pass?.shared;
    this.#descriptors = new ThreadDescriptors(pipes, me, this.#shared?.descriptorOwners);
    this.threadChildren = new ThreadChildren(processes, me, this.#shared?.children);
    this.spareDescriptor = new SpareDescriptor(pipes, this.#descriptors, heap.memory.pass.file as number);
    this.doorbells = new Doorbells({
      pipes,
      members,
      descriptors: this.#descriptors,
      spareDescriptor: this.spareDescriptor,
      me,
    });
    this.lifelines = new PipeLifelines(pipes, members, this.#descriptors, remind);
    this.parking = pass?.parking ?? calls.parking.create();
    const [doorbell, ownRing] = pass ? [pass.doorbell as number, -1] : pipes.pipe();
    this.#ownRing = ownRing;
    this.#own = { doorbell, lifeline: pass?.lifeline ?? pipes.pipe()[1], parentBell: pass?.parentBell };
  }

  /** What the threads of this process share. */
  get shared(): EndsOfThreads {
    this.#shared ??= {
      threadKey: this.#pipes.createThreadKey(),
      descriptorOwners: ThreadDescriptors.createOwners(),
      children: ThreadChildren.createEntries(),
    };
    return this.#shared;
  }

  prepare(member: number): Ends {
    return new PipeEnds(this.#pipes, this, member);
  }

  join(): boolean {
    const members = this.#members;
    const me = this.#me;
    const { doorbell, lifeline, parentBell } = this.#own;
    const tid = this.#processes.threadId();
    const started = this.startTime(process.pid, tid);
    // With any other number in its record, the others would take it for gone.
    if (typeof started === 'string') {
      throw new PlatformError(
        'This process cannot read its own file in /proc any more, by which multiproc tells who lives: one descriptor must be free.',
      );
    }
    members.set(me, field.tid, tid);
    members.set(me, field.startTime, started);
    members.set(me, field.doorbell, doorbell);
    members.set(me, field.lifeline, lifeline);
    const inode = this.#pipes.inodeOf(doorbell);
    // If its last ringer leaves, a bell would read as closed: keep a write end of our own.
    const ring = this.#ownRing === -1 ? this.#pipes.openPipe(process.pid, doorbell, 'write', inode) : this.#ownRing;
    this.doorbells.adopt(me, ring);
    if (parentBell !== undefined) this.doorbells.adopt(members.get(me, field.parent), parentBell);
    // Not in the record of a member that was reclaimed while it filled that in.
    if (members.compareExchange(me, field.state, state.STARTING, state.LIVE) !== state.STARTING) return false;
    // SYNC(join): a member that finds an inode finds all the rest.
    members.set(me, field.lifelineInode, this.#pipes.inodeOf(lifeline));
    members.set(me, field.doorbellInode, inode);
    return true;
  }

  look(member: number): 'there' | Unseen {
    const members = this.#members;
    const started = this.startTime(members.get(member, field.pid), members.get(member, field.tid));
    if (typeof started === 'string') return started;
    return started === members.get(member, field.startTime) ? 'there' : 'gone';
  }

  isProcessGone(pid: number): boolean {
    return this.startTime(pid, pid) === 'gone';
  }

  /** Returns the system's start time; uses the reserved descriptor if needed. */
  startTime(pid: number, tid: number): number | Unseen {
    const started = this.#processes.startTime(pid, tid);
    return started === 'unknown' ? this.spareDescriptor.lend(() => this.#processes.startTime(pid, tid)) : started;
  }

  listen(onRing: () => void): Listening {
    const { Socket } = process.getBuiltinModule('node:net');
    const onread = {
      // The bytes mean only "look"; many rings become one.
      buffer: new Uint8Array(64),
      callback: () => {
        onRing();
        return true;
      },
    };
    const options = { fd: this.#own.doorbell, readable: true, writable: false, onread };
    // The socket closes the doorbell, also when this thread is ended.
    this.#descriptors.forget(this.#own.doorbell);
    try {
      return new Socket(options).unref();
    } catch (cause) {
      this.#descriptors.opened(this.#own.doorbell);
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw cause;
      throw new PlatformError(
        "Node's permission model does not let multiproc wait at a pipe, which Node takes for a socket: start node with --allow-net.",
        { cause },
      );
    }
  }

  wayToSleep(): number {
    this.#watched = [...this.lifelines.watched()];
    return this.#watched.length > 0 ? parked.ARMED : parked.SLEEPING;
  }

  sleep(way: number, timeout: number): void {
    if (way === parked.SLEEPING) this.#heap.memory.sleep(this.#members.place(this.#me, field.parked), way, timeout);
    else this.#poll(this.#watched, timeout);
  }

  /** Calls `poll`, which also sleeps over this member's bell. If it returns `undefined`, the bell has rung and has been heard. */
  sleepIn<T>(poll: (doorbell: number) => T | undefined): T | undefined {
    const answer = poll(this.#own.doorbell);
    if (answer === undefined) this.#pipes.drain(this.#own.doorbell);
    return answer;
  }

  settleThreads(): void {
    const isGone = (member: number) => this.#members.isGone(member);
    this.#descriptors.closeLeft(this.shared.descriptorOwners!, isGone);
    this.threadChildren.reapLeft(this.shared.children!, isGone);
  }

  #poll(watched: readonly [fd: number, member: number][], timeout: number): void {
    const { doorbell } = this.#own;
    const ready = this.#pipes.poll([doorbell, ...watched.map(([fd]) => fd)], timeout);
    if (ready === undefined) {
      this.#lookForOurselves(watched, timeout);
      return;
    }
    for (const index of ready) {
      if (index === 0) this.#pipes.drain(doorbell);
      else this.lifelines.hasEnded(watched[index - 1]![1]);
    }
  }

  /** If the system cannot poll: sleeps for a moment, then checks everything. */
  #lookForOurselves(watched: readonly [fd: number, member: number][], timeout: number): void {
    const nap = Math.min(timeout, NAP);
    this.#heap.memory.sleep(this.#members.place(this.#me, field.parked), parked.ARMED, nap);
    this.#pipes.drain(this.#own.doorbell);
    for (const [, member] of watched) this.lifelines.askKernel(member);
  }
}
