import { setTimeout } from '../builtins.ts';
import { PlatformError } from '../errors.ts';
import { platform, processes } from '../platform/choose.ts';
import type { MemoryPass } from '../platform/memory.ts';
import type { Platform } from '../platform/platform.ts';
import { Allocator } from './allocator.ts';
import { CriticalSection } from './critical-section.ts';
import { Heap, wordIndex } from './heap.ts';
import { heapLimit } from './heap-limit.ts';
import { Holdings, settleHoldings } from './holdings.ts';
import { layout } from './layout.ts';
import { field, Members, state } from './members.ts';
import { Parker } from './parker.ts';
import { PipeSignals } from './pipe-signals.ts';
import type { EndsPass, Lifelines, Signals } from './signals.ts';
import { awaitOutside, closeGuard, releaseGuard, ThreadGuard } from './thread-guard.ts';
import { WordSignals } from './word-signals.ts';

/** What a member inherits from its parent: its name in the table, and the ways to the others. */
export interface Inheritance {
  readonly member: number;
  readonly memory: MemoryPass;
  readonly ends: EndsPass;
  /** What threads of a process share to end one another safely, see `ThreadGuard`; `undefined` in a process. */
  readonly guards?: Int32Array<SharedArrayBuffer>;
}

/** How often to look, in ms, whether an orphan has joined yet, and how many times where not even its process is known. */
const JOIN_CHECK = 50;
const JOIN_CHECKS = 200;

/** The family as one of its members sees it: the heap, the table, and how to sleep and wake. One for each thread. */
export class Family {
  readonly platform: Platform;
  readonly heap: Heap;
  readonly members: Members;
  /** This member's name: slot and generation in one word, never 0. */
  readonly me: number;
  readonly allocator: Allocator;
  /** How it is woken and wakes others, and learns of their deaths. */
  readonly signals: Signals;
  readonly parker: Parker;
  readonly holdings: Holdings;
  readonly #section: CriticalSection;
  #guards: Int32Array<SharedArrayBuffer> | undefined;
  /** Members without a parent whose death this one waits for. */
  readonly #orphans = new Set<number>();

  private constructor(platform: Platform, heap: Heap, inheritance: Inheritance | undefined) {
    const members = new Members(heap);
    const isGone = (member: number) => members.isGone(member);
    this.platform = platform;
    this.heap = heap;
    this.members = members;
    this.me = inheritance?.member ?? members.allocate(0, false);
    const me = this.me;
    this.#section = new CriticalSection(heap, layout.familySection, me, isGone);
    this.allocator = new Allocator(heap, new CriticalSection(heap, layout.allocatorSection, me, isGone), me);
    this.#guards = inheritance?.guards;
    const { pipes, processes, parking } = platform;
    const remind = (callback: () => void) => this.parker.remind(callback);
    this.signals =
      pipes && processes && parking
        ? new PipeSignals({ pipes, processes, parking }, heap, members, me, inheritance?.ends, remind)
        : new WordSignals(heap, members, me, inheritance?.ends);
    members.lookBy((member) => this.signals.look(member));
    this.holdings = new Holdings(heap, this.allocator, members, me);
    const isNested = inheritance?.guards !== undefined && !this.#isMainThread(members.get(me, field.parent));
    const awaitEnd = () => new ThreadGuard(this.guards, me).awaitEnd();
    this.parker = new Parker(heap.memory, members, this.signals, me, isNested, awaitEnd);
    this.#join(inheritance);
  }

  /** Founds a family; this thread is its root. */
  static found(): Family {
    assertSeesItself(platform());
    const limit = heapLimit();
    const heap = new Heap(platform().openMemory());
    Allocator.limit(heap, limit);
    return new Family(platform(), heap, undefined);
  }

  /** Joins the family that this process, or thread, was started in. */
  static join(inheritance: Inheritance): Family {
    assertSeesItself(platform());
    return new Family(platform(), new Heap(platform().openMemory(inheritance.memory)), inheritance);
  }

  get lifelines(): Lifelines {
    return this.signals.lifelines;
  }

  /** The signals of a family whose members may be processes; `undefined` where all are threads of one program. */
  get pipeSignals(): PipeSignals | undefined {
    return this.signals instanceof PipeSignals ? this.signals : undefined;
  }

  /** What a thread that this one starts shares with it. */
  get guards(): Int32Array<SharedArrayBuffer> {
    this.#guards ??= ThreadGuard.createWords();
    return this.#guards;
  }

  /** Takes a slot for a member that is about to start as a child of this one; answers its name. */
  reserve(isThread: boolean): number {
    // A parent has its children's bells, so others may leave it to wake them.
    this.parker.listen();
    this.#section.enter();
    try {
      return this.members.allocate(this.me, isThread);
    } finally {
      this.#section.leave();
    }
  }

  /** A section at `offset` with this member's name and this family's way to tell who is gone. */
  section(offset: number): CriticalSection {
    return new CriticalSection(this.heap, offset, this.me, (member) => this.members.isGone(member));
  }

  /**
   * Has a thread of this process leave its sleep, and the threads that it has started, so that Node can end them; comes back when
   * they are where that is safe. They run nothing more of the program that could wait: a sleeper that finds itself condemned waits
   * to be ended. Call the answer when Node has been asked to do that.
   */
  condemn(thread: number): () => void {
    const { members, parker } = this;
    // SYNC(condemn): a thread that is not among those below looks at this word before it sleeps.
    members.set(thread, field.condemned, 1);
    const condemned = new Set<number>();
    // Those that one of them was just starting come to light in the next round.
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
   * Cleans up after a member that is dead for certain, once, whoever calls: its blocks and holdings are given back, its slot becomes
   * free, and all who sleep look again, since what they wait for may have died with it. A burial that a death cuts short is done by
   * the next, one that an error cuts short by this thread soon. Never throws.
   */
  bury(member: number): void {
    const { members } = this;
    // What this thread has of it goes in any case: another member may have been quicker with the rest.
    this.lifelines.ended(member);
    this.signals.forget(member);
    this.#section.enter();
    const first = !members.isKnownGone(member);
    if (first) members.set(member, field.state, state.DEAD);
    this.#section.leave();
    for (const other of members.all()) {
      if (members.get(other, field.state) === state.DEAD) this.#settleEstate(other);
      else if (first && this.#isOrphan(other)) this.#adopt(other);
    }
    if (!first) return;
    for (const other of members.all()) if (other !== this.me && !members.isKnownGone(other)) this.parker.rouse(other);
    this.parker.schedule();
  }

  /** Gives back what the dead member had: the work of one burier, which leaves the rest to the next if it is killed or fails. */
  #settleEstate(dead: number): void {
    if (!this.#becomeBurier(dead)) return;
    try {
      this.#giveBackAllOf(dead);
    } catch (error) {
      this.members.set(dead, field.burier, 0);
      process.emitWarning(error as Error);
      this.parker.remind(() => this.#settleEstate(dead));
    }
  }

  #giveBackAllOf(dead: number): void {
    settleHoldings(
      this.heap,
      this.allocator,
      this.members,
      dead,
      (object) => definitions.get(kindOf(this, object))?.holderDied?.(this, object, dead),
      (object) => releaseObject(this, object),
    );
    this.allocator.freeAllOf(dead);
    const assignment = this.members.exchange(dead, field.assignment, 0);
    if (assignment !== 0) abandonAssignment(this, assignment);
    // Within the section, since the record may belong to a new member from here on.
    this.#section.enter();
    this.members.set(dead, field.state, state.FREE);
    this.#section.leave();
  }

  /** Of a member of this process. */
  #isMainThread(member: number): boolean {
    return this.members.get(member, field.tid) === process.pid;
  }

  #becomeBurier(dead: number): boolean {
    const { members } = this;
    this.#section.enter();
    try {
      if (!members.isOf(dead) || members.get(dead, field.state) !== state.DEAD) return false;
      const burier = members.get(dead, field.burier);
      if (burier !== 0 && !members.isGone(burier)) return false;
      members.set(dead, field.burier, this.me);
      return true;
    } finally {
      this.#section.leave();
    }
  }

  /** One whose parent is gone, just now or before: whoever was to bury it then may be dead as well. */
  #isOrphan(other: number): boolean {
    const parent = this.members.get(other, field.parent);
    return parent !== 0 && this.members.isKnownGone(parent) && !this.members.isKnownGone(other);
  }

  #adopt(orphan: number): void {
    for (const known of this.#orphans) if (this.members.isKnownGone(known)) this.#orphans.delete(known);
    if (this.#orphans.has(orphan)) return;
    this.#orphans.add(orphan);
    this.#buryWhenDead(orphan);
  }

  /** The dead member's children are being killed by the kernel, but for detached ones: nobody else will notice. */
  #buryWhenDead(orphan: number, checks = JOIN_CHECKS): void {
    const { members } = this;
    if (members.isKnownGone(orphan)) return;
    // SYNC(join): no inode yet, and nothing to watch, also where it says already that it is LIVE.
    if (members.get(orphan, field.lifelineInode) === 0) {
      // Node has ended it before the thread that it belonged to.
      if (members.get(orphan, field.thread) === 1) {
        this.bury(orphan);
        return;
      }
      // Look again until it has one, or its process is gone.
      const pid = members.get(orphan, field.pid);
      const isGone = pid === 0 ? checks === 0 : this.signals.isProcessGone(pid);
      if (isGone) this.bury(orphan);
      else setTimeout(() => this.#buryWhenDead(orphan, checks - 1), JOIN_CHECK).unref();
      return;
    }
    if (!this.lifelines.watch(orphan, () => this.bury(orphan))) this.bury(orphan);
  }

  /** Fills in this member's record. */
  #join(inheritance: Inheritance | undefined): void {
    const { members, me } = this;
    const endIfBuried = (isBuried: boolean) => {
      if (!isBuried) return;
      // The parent died before we were there, and we were buried with it.
      if (inheritance?.guards !== undefined) process.exit(1);
      processes('A child').exitNow(1);
    };
    endIfBuried(members.isKnownGone(me));
    members.set(me, field.pid, process.pid);
    process.once('exit', (code) => {
      if (code === 0) members.set(me, field.orderly, 1);
    });
    endIfBuried(!this.signals.join());
  }
}

/** A process that cannot see itself would take all others for unknown, and be unknown to all. */
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

/** The words of every shared object, from its offset. */
export const objectField = {
  /** Which class it is; written once. */
  kind: 0,
  /** How many members hold it, and how many messages refer to it. */
  holders: 1,
} as const;

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

/** Counts one more holder of the object. */
export function retainObject(family: Family, offset: number): void {
  Atomics.add(family.heap.words(offset), wordIndex(offset) + objectField.holders, 1);
}

/**
 * Counts one holder less, and takes the object apart after the last. One of a kind that is not known here stays: others may have its
 * place in their books, and to free it would give that place to something else.
 */
export function releaseObject(family: Family, offset: number): void {
  const words = family.heap.words(offset);
  const at = wordIndex(offset);
  if (Atomics.sub(words, at + objectField.holders, 1) !== 1) return;
  const kind = definitions.get(kindOf(family, offset));
  if (kind !== undefined && kind.destroy(family, offset) !== 'keep') family.allocator.free(offset);
}

let abandonAssignment: (family: Family, granule: number) => void = () => {};

/** Says how the block in `field.assignment` of a member that died before it took it is given back. */
export function onAbandonedAssignment(discard: (family: Family, granule: number) => void): void {
  abandonAssignment = discard;
}

let current: Family | undefined;

/** This thread's family; the first call of a thread that no family started founds one. */
export function family(): Family {
  current ??= Family.found();
  return current;
}

/** This thread's family if it has one already. */
export function currentFamily(): Family | undefined {
  return current;
}

/** Makes this thread a member of the family that started it; once, before the first `family()`. */
export function joinFamily(inheritance: Inheritance): Family {
  current = Family.join(inheritance);
  return current;
}
