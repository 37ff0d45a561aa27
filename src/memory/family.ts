import { PlatformError } from '../contracts/errors.ts';
import { setTimeout } from '../engine/builtins.ts';
import { refuseFamilyWherePreloading } from '../loading/loaded-for-functions.ts';
import { platform, processes } from '../platform/choose.ts';
import type { MemoryPass } from '../platform/memory.ts';
import type { Platform } from '../platform/platform.ts';
import { Allocator } from './allocator.ts';
import { Counts, objectField } from './counts.ts';
import { CriticalSection } from './critical-section.ts';
import { GRANULE, Heap, wordIndex } from './heap.ts';
import { heapLimit } from './heap-limit.ts';
import { Intents } from './intents.ts';
import { layout } from './layout.ts';
import { field, Members, state } from './members.ts';
import { Parker } from './parker.ts';
import { PipeSignals } from './pipe-signals.ts';
import { ReferenceTable, releaseReferencesOf } from './reference-table.ts';
import type { EndsPass, Lifelines, Signals } from './signals.ts';
import { awaitOutside, closeGuard, releaseGuard, ThreadGuard } from './thread-guard.ts';
import { WordSignals } from './word-signals.ts';

/** What a member inherits from its parent: its member number, and the ways to the others. */
export interface Inheritance {
  readonly member: number;
  readonly memory: MemoryPass;
  readonly ends: EndsPass;
  /** The words that the threads of a process share to end one another safely, see `ThreadGuard`; `undefined` in a process. */
  readonly guards?: Int32Array<SharedArrayBuffer>;
}

/** Milliseconds between checks whether an orphan has joined, and the number of checks if not even its process is known. */
const JOIN_CHECK = 50;
const JOIN_CHECKS = 200;

/** The family as one of its members sees it: the heap, the table, and the means to sleep and wake. One object per thread. */
export class Family {
  readonly platform: Platform;
  readonly heap: Heap;
  readonly members: Members;
  /** This member's number: slot and generation in one word, never 0. */
  readonly me: number;
  readonly allocator: Allocator;
  /** The means by which it is woken, wakes others, and learns of their deaths. */
  readonly signals: Signals;
  readonly parker: Parker;
  readonly references: ReferenceTable;
  readonly intents: Intents;
  readonly counts: Counts;
  readonly #section: CriticalSection;
  #guards: Int32Array<SharedArrayBuffer> | undefined;
  /** Members without a parent whose death this member waits for. */
  readonly #orphans = new Set<number>();

  private constructor(platform: Platform, heap: Heap, inheritance: Inheritance | undefined) {
    const members = new Members(heap);
    this.platform = platform;
    this.heap = heap;
    this.members = members;
    this.me = inheritance?.member ?? members.allocate(0, false);
    const me = this.me;
    this.#section = this.section(layout.familySection);
    this.intents = new Intents(heap, members, me);
    this.allocator = new Allocator(heap, this.section(layout.allocatorSection), this.intents, me);
    this.#guards = inheritance?.guards;
    const { pipes, processes, parking } = platform;
    const remind = (callback: () => void) => this.parker.remind(callback);
    this.signals =
      pipes && processes && parking
        ? new PipeSignals({ calls: { pipes, processes, parking }, heap, members, me, pass: inheritance?.ends, remind })
        : new WordSignals(heap, members, me, inheritance?.ends);
    members.lookBy((member) => this.signals.look(member));
    this.references = new ReferenceTable({ heap, allocator: this.allocator, members, intents: this.intents, me });
    this.counts = new Counts(heap, this.references, this.intents, (offset) => this.section(offset));
    const isNested = inheritance?.guards !== undefined && !this.#isMainThread(members.get(me, field.parent));
    const awaitEnd = () => new ThreadGuard(this.guards, me).awaitEnd();
    this.parker = new Parker({ memory: heap.memory, members, signals: this.signals, me, isNested, awaitEnd });
    this.#join(inheritance);
  }

  /** Founds a family; this thread is its root. */
  static found(): Family {
    refuseFamilyWherePreloading();
    assertSeesItself(platform());
    const limit = heapLimit();
    const heap = new Heap(platform().openMemory());
    Allocator.limit(heap, limit);
    return new Family(platform(), heap, undefined);
  }

  /** Joins the family in which this process or thread was started. */
  static join(inheritance: Inheritance): Family {
    assertSeesItself(platform());
    return new Family(platform(), new Heap(platform().openMemory(inheritance.memory)), inheritance);
  }

  get lifelines(): Lifelines {
    return this.signals.lifelines;
  }

  /** The signals of a family whose members may be processes; `undefined` if all members are threads of one program. */
  get pipeSignals(): PipeSignals | undefined {
    return this.signals instanceof PipeSignals ? this.signals : undefined;
  }

  /** The words that this thread shares with a thread that it starts. */
  get guards(): Int32Array<SharedArrayBuffer> {
    this.#guards ??= ThreadGuard.createWords();
    return this.#guards;
  }

  /** Takes a slot for a member that is about to start as a child of this one; returns its number. */
  reserve(isThread: boolean): number {
    // A parent has its children's bells, so other members may ask it to wake them.
    this.parker.listen();
    this.#section.enter();
    try {
      return this.members.allocate(this.me, isThread);
    } finally {
      this.#section.leave();
    }
  }

  /** A section at `offset` with this member's name and this family's way to tell who is gone; what the dead have begun there is settled. */
  section(offset: number): CriticalSection {
    const isGone = (member: number) => this.members.isGone(member);
    const settle = () => this.intents.settleWithin(offset);
    return new CriticalSection(this.heap, offset, { me: this.me, isGone, settle });
  }

  /**
   * Makes a thread of this process, and the threads that it has started, leave their sleep, so that Node can end them. Returns when they
   * are where ending is safe. From then on they run no program code that could wait: a sleeper that finds itself condemned waits for its
   * end. Call the returned function when Node has been asked to end them.
   */
  condemn(thread: number): () => void {
    const { members, parker } = this;
    // SYNC(condemn): a thread that is not among those below reads this word before it sleeps.
    members.set(thread, field.condemned, 1);
    const condemned = new Set<number>();
    // Threads that one of them was just starting are found in the next round.
    for (let before = -1; condemned.size > before; ) {
      before = condemned.size;
      for (const other of members.all()) {
        if (condemned.has(other) || !members.isCondemned(other)) continue;
        condemned.add(other);
        closeGuard(this.guards, other);
        parker.wake(other);
      }
    }
    for (const other of condemned) awaitOutside(this.guards, other);
    return () => {
      for (const other of condemned) releaseGuard(this.guards, other);
    };
  }

  /**
   * Reclaims everything that a dead member held, and wakes every sleeper, because what they wait for may have died with it. Idempotent.
   * If the calling member dies half-way, the next caller finishes; if an error stops it, this thread tries again soon. Never throws.
   */
  reclaim(member: number): void {
    const { members } = this;
    // In any case, this thread releases what it has of the member: another member may have done the rest.
    this.lifelines.ended(member);
    this.signals.doorbells.forget(member);
    this.#section.enter();
    const first = !members.isKnownGone(member);
    if (first) members.set(member, field.state, state.DEAD);
    this.#section.leave();
    for (const other of members.all()) {
      if (members.get(other, field.state) === state.DEAD) this.#reclaimHeld(other);
      else if (first && this.#isOrphan(other)) this.#adopt(other);
    }
    if (!first) return;
    for (const other of members.all()) if (other !== this.me && !members.isKnownGone(other)) this.parker.rouse(other);
    this.parker.schedule();
  }

  /** Gives back what the dead member held. Only one member does this at a time; if it is killed or fails, the next one does the rest. */
  #reclaimHeld(dead: number): void {
    if (!this.#becomeReclaimer(dead)) return;
    try {
      this.#giveBackAll(dead);
    } catch (error) {
      this.members.set(dead, field.reclaimer, 0);
      process.emitWarning(error as Error);
      this.parker.remind(() => this.#reclaimHeld(dead));
    }
  }

  #giveBackAll(dead: number): void {
    this.#settleIntentOf(dead);
    releaseReferencesOf(
      this.heap,
      this.allocator,
      this.members,
      dead,
      (object) => definitions.get(kindOf(this, object))?.holderDied?.(this, object, dead),
      (object) => releaseObject(this, object),
    );
    this.allocator.freeAllOf(dead);
    // Within the section, because assignments are given there, and because the record may belong to a new member from here on.
    this.#section.enter();
    const assignment = this.members.exchange(dead, field.assignment, 0);
    this.members.set(dead, field.state, state.FREE);
    this.#section.leave();
    if (assignment !== 0) releaseObject(this, (assignment >>> 0) * GRANULE);
  }

  /** Does the rest of what the dead member has begun, or undoes it: what it has in hand is known then. */
  #settleIntentOf(dead: number): void {
    const place = this.intents.sectionOf(dead);
    if (place === undefined) return;
    if (place === 0) {
      this.intents.settle(dead);
      return;
    }
    const section = this.section(place);
    section.enter();
    try {
      this.intents.settle(dead);
    } finally {
      section.leave();
    }
  }

  /** True for the main thread of this process. */
  #isMainThread(member: number): boolean {
    return this.members.get(member, field.tid) === process.pid;
  }

  #becomeReclaimer(dead: number): boolean {
    const { members } = this;
    this.#section.enter();
    try {
      if (!members.isOf(dead) || members.get(dead, field.state) !== state.DEAD) return false;
      const reclaimer = members.get(dead, field.reclaimer);
      if (reclaimer !== 0 && !members.isGone(reclaimer)) return false;
      members.set(dead, field.reclaimer, this.me);
      return true;
    } finally {
      this.#section.leave();
    }
  }

  /** True if the member's parent is gone, just now or earlier: the member that was to reclaim it then may be dead too. */
  #isOrphan(other: number): boolean {
    const parent = this.members.get(other, field.parent);
    return parent !== 0 && this.members.isKnownGone(parent) && !this.members.isKnownGone(other);
  }

  #adopt(orphan: number): void {
    for (const known of this.#orphans) if (this.members.isKnownGone(known)) this.#orphans.delete(known);
    if (this.#orphans.has(orphan)) return;
    this.#orphans.add(orphan);
    this.#reclaimWhenDead(orphan);
  }

  /** The kernel is killing the dead member's children, except detached ones, and no other member will notice. */
  #reclaimWhenDead(orphan: number, checks = JOIN_CHECKS): void {
    const { members } = this;
    if (members.isKnownGone(orphan)) return;
    // SYNC(join): without an inode there is nothing to watch, even if the state is LIVE already.
    if (members.get(orphan, field.lifelineInode) === 0) {
      // Node has ended it before the thread that it belonged to.
      if (members.get(orphan, field.thread) === 1) {
        this.reclaim(orphan);
        return;
      }
      // Check again until the member has an inode, or its process is gone.
      const pid = members.get(orphan, field.pid);
      const isGone = pid === 0 ? checks === 0 : this.signals.isProcessGone(pid);
      if (isGone) this.reclaim(orphan);
      else setTimeout(() => this.#reclaimWhenDead(orphan, checks - 1), JOIN_CHECK).unref();
      return;
    }
    if (!this.lifelines.watch(orphan, () => this.reclaim(orphan))) this.reclaim(orphan);
  }

  /** Fills in this member's record. */
  #join(inheritance: Inheritance | undefined): void {
    const { members, me } = this;
    const endIfReclaimed = (isReclaimed: boolean) => {
      if (!isReclaimed) return;
      // The parent died before this member joined, and this member was reclaimed with it.
      if (inheritance?.guards !== undefined) process.exit(1);
      processes('A child').exitNow(1);
    };
    endIfReclaimed(members.isKnownGone(me));
    members.set(me, field.pid, process.pid);
    process.once('exit', (code) => {
      if (code === 0) members.set(me, field.orderly, 1);
    });
    endIfReclaimed(!this.signals.join());
  }
}

/** Throws if this process cannot see itself: it would take all others for unknown, and be unknown to all. */
function assertSeesItself({ processes }: Platform): void {
  if (processes === undefined) return;
  if (typeof processes.startTime(process.pid, processes.threadId()) !== 'number') {
    throw new PlatformError(
      'This process cannot read its own file in /proc, by which multiproc tells who lives: /proc must be mounted, and one descriptor be free.',
    );
  }
  if (processes.seesOwnNamespace()) return;
  throw new PlatformError(
    'The /proc of this process is that of another process namespace, so multiproc cannot tell who lives: mount one of its own (mount -t proc proc /proc; unshare does so with --mount-proc).',
  );
}

/** What a member knows of a kind of shared objects. */
export interface KindOfObject {
  /** Returns the class, of which an object is made for each place that arrives. Missing if objects of the kind are never sent. */
  readonly make?: () => new (existing: never) => object;
  /**
   * Gives back the memory of an object that no member holds any more. The member that releases it last runs this. Returns `'keep'` if the
   * block of the object is not to be freed.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing.
  readonly destroy: (family: Family, offset: number) => void | 'keep';
  /** Called after the death of a member that held the object, perhaps more than once. */
  readonly holderDied?: (family: Family, offset: number, dead: number) => void;
}

const definitions = new Map<number, KindOfObject>();

/** Defines a kind of shared objects: once for each number of `kinds`, in the file of the class. */
export function defineKind(number: number, kind: KindOfObject): void {
  if (definitions.has(number)) throw new Error(`Two kinds of shared objects have the number ${number}.`);
  definitions.set(number, kind);
}

/** The definition of a kind; `undefined` for a number that no file of this thread has defined. */
export function kindNumbered(number: number): KindOfObject | undefined {
  return definitions.get(number);
}

function kindOf(family: Family, offset: number): number {
  return family.heap.words(offset)[wordIndex(offset) + objectField.kind] as number;
}

/** Adds one count of something in shared memory that holds the object. */
export function retainObject(family: Family, offset: number): void {
  family.counts.retain(offset);
}

/**
 * Removes one count of something in shared memory, and destroys the object after the last count. An object of a kind that this thread does not
 * know stays: other members may still name its place, and a freed place is given to another object.
 */
export function releaseObject(family: Family, offset: number): void {
  if (family.counts.release(offset) === 1) destroy(family, offset);
}

/** Removes the count of this member in that entry of its reference table, and destroys the object after the last count. */
export function letGoOf(family: Family, offset: number, entry: number): void {
  if (family.counts.letGo(offset, entry) === 1) destroy(family, offset);
}

function destroy(family: Family, offset: number): void {
  const kind = definitions.get(kindOf(family, offset));
  if (kind !== undefined && kind.destroy(family, offset) !== 'keep') family.allocator.free(offset);
}

let current: Family | undefined;

/** Returns this thread's family. In a thread that was not started by a family, the first call founds one. */
export function family(): Family {
  current ??= Family.found();
  return current;
}

/** Returns this thread's family if it has one already. */
export function currentFamily(): Family | undefined {
  return current;
}

/** Makes this thread a member of the family that started it; once, before the first `family()`. */
export function joinFamily(inheritance: Inheritance): Family {
  current = Family.join(inheritance);
  return current;
}
