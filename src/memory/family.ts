import { PlatformError } from '../contracts/errors.ts';
import { refuseFamilyWherePreloading } from '../loading/loaded-for-functions.ts';
import { platform, processes } from '../platform/choose.ts';
import type { MemoryPass } from '../platform/memory.ts';
import type { Platform } from '../platform/platform.ts';
import { Allocator } from './allocator.ts';
import { Counts } from './counts.ts';
import { CriticalSection } from './critical-section.ts';
import { Heap } from './heap.ts';
import { heapLimit } from './heap-limit.ts';
import { Intents } from './intents.ts';
import { layout } from './layout.ts';
import { field, Members } from './members.ts';
import { Parker } from './parker.ts';
import { PipeSignals } from './pipe-signals.ts';
import { ReferenceTable } from './reference-table.ts';
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
    return this.#section.run(() => this.members.allocate(this.me, isThread));
  }

  /** Returns a section at `offset` with this member's name and this family's way to tell who is gone; what the dead have begun there is settled. */
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

  #isMainThread(member: number): boolean {
    return this.members.get(member, field.tid) === process.pid;
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
