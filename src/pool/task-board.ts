import { type Letter, Mailbox, type Open, openPopped } from '../channel/mailbox.ts';
import { ShutDown } from '../contracts/errors.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { reclaim } from '../memory/reclaim.ts';
import { closedError, type Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { discardEnvelope, type Envelope } from '../ring/envelope.ts';
import { newScratch, outcome, Ring } from '../ring/ring.ts';
import { WaitList } from '../sync/wait-list.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { boardLayout, field, LANES } from './board-layout.ts';
import { FunctionTable } from './function-table.ts';
import { createLane, type Lane } from './lane.ts';
import { Pollers } from './polling.ts';
import { SLOTS_BYTES, TaskSlots } from './task-slots.ts';

/** Frees everything that a board holds. */
export function destroyBoard(family: Family, offset: number): void {
  const words = family.heap.words(offset);
  const at = wordIndex(offset);
  for (let lane = 0; lane < (words[at + field.laneCount] as number); lane++) {
    const ring = placeOf(words[at + field.lanes + lane]!);
    new Ring(family, ring).destroy();
    family.allocator.free(ring);
  }
  for (const box of [field.reports, field.requests]) Mailbox.destroy(family, offset + box * 4);
  new WaitList(family, offset + field.workers * 4).destroy();
  // 0 if there was no memory for the table, or if the maker was killed before it made the table.
  const slots = placeOf(words[at + field.slots]!);
  if (slots !== 0) family.allocator.free(slots);
}

/** The shared state of a pool's owner and workers: waiting tasks, the worker of each task, and results. See README.md. */
export class TaskBoard extends SharedObject {
  readonly slots: TaskSlots;
  readonly functions: FunctionTable;
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #reports: Mailbox;
  readonly #requests: Mailbox;
  readonly #workers: WaitQueue;
  readonly #scratch = newScratch();
  readonly #pollers: Pollers;
  /** Worker: the number of farewells at its start. */
  #farewells: number | undefined;
  /** Owner: the task that a poller should take and that will be checked, and the last such task; 0 for none. */
  #relied = 0;
  #lastRelied = 0;
  #isClosed = false;
  #lanes: Lane[] = [];
  #version = -1;

  constructor(existing?: Existing) {
    super(kinds.TASK_BOARD, existing ?? boardLayout.words);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    if (existing === undefined) {
      this.#words[this.#at + field.ownerName] = family.me;
      this.#words[this.#at + field.slots] = granuleOf(family.allocator.allocate(SLOTS_BYTES, 0));
      for (const box of [field.reports, field.requests]) Mailbox.create(family, offset + box * 4, 0);
      this.#lanes = [createLane(family, 0)];
      this.#publishLanes();
    }
    this.#pollers = new Pollers(this.#words, this.#at + field.pollers, family.me);
    this.slots = new TaskSlots(family, placeOf(this.#words[this.#at + field.slots]!));
    this.functions = new FunctionTable(this.#words, this.#at + field.functions);
    this.#reports = new Mailbox(family, offset + field.reports * 4);
    this.#requests = new Mailbox(family, offset + field.requests * 4);
    this.#requests.receivers.keepAlive(false);
    this.#workers = new WaitQueue(family, offset + field.workers * 4, {
      isReady: () => this.#isBidden() || this.#readLanes().some(({ ring }) => !ring.isEmpty || ring.isShutDown),
      // It has what its last tasks captured, and their code.
      isLastFirst: true,
    });
  }

  /** Owner: puts a task where workers find it. Returns false if the board cannot hold another priority. */
  submit(tag: number, envelope: Envelope, priority: number): boolean {
    const lane = this.#laneFor(priority);
    if (lane === undefined) return false;
    lane.ring.push(envelope, tag);
    if (!this.#workers.list.hasWaiting) return true;
    if (this.#pollers.any) this.#rely(tag);
    else this.#workers.list.notify();
    return true;
  }

  /** A poller should take this task: a moment later, the owner checks whether it did. */
  #rely(tag: number): void {
    this.#lastRelied = tag;
    if (this.#relied !== 0) return;
    this.#relied = tag;
    this.#family.parker.remind(this.#onReminder);
  }

  readonly #onReminder = () => {
    const tag = this.#relied;
    this.#relied = 0;
    if (this.#isClosed || !this.hasWaiting) return;
    if (this.slots.isWaiting(tag) || tag === this.#lastRelied) this.#relieve();
    else this.#rely(this.#lastRelied);
  };

  /**
   * Owner: is about to sleep. A poller that has not taken the task that was left to it may have no CPU; another worker may find the CPU of the
   * owner.
   */
  relieve(): void {
    if (this.#relied !== 0 && this.hasWaiting) this.#relieve();
  }

  /** The announced pollers take nothing: they may be stopped. */
  #relieve(): void {
    this.#pollers.clear();
    if (this.#workers.list.hasWaiting) this.#workers.list.notify();
  }

  /** Worker: announces that it polls. Returns false if the limit is reached: more would only take CPU time from the others. */
  tryPoll(): boolean {
    return this.#pollers.announce();
  }

  /** Worker: stops polling. It must look for a task once more after this. */
  endPoll(): void {
    this.#pollers.withdraw();
  }

  /** Worker: has taken a task and polls no longer. If there are more tasks, wakes another worker. */
  #passOn(): void {
    this.endPoll();
    if (this.#workers.list.hasWaiting && this.#readLanes().some(({ ring }) => !ring.isEmpty))
      this.#workers.list.notify();
  }

  /** Owner: a worker has died, perhaps while it was polling. */
  forget(member: number): void {
    if (this.#pollers.forget(member) && this.hasWaiting) this.#workers.list.notifyAll();
  }

  /** Owner: true if there are tasks on the board that no worker has taken out. */
  get hasWaiting(): boolean {
    return this.#lanes.some(({ ring }) => !ring.isEmpty);
  }

  /**
   * Owner: takes all tasks of the lowest priority back, so that its lane is free for another priority. Returns `undefined` if that
   * priority is not below the given one. The tasks may include settled or claimed ones.
   */
  recallBelow(priority: number): { tag: number; envelope: Envelope }[] | undefined {
    const lowest = this.#lanes.at(-1);
    if (lowest === undefined || lowest.priority >= priority) return undefined;
    const recalled: { tag: number; envelope: Envelope }[] = [];
    const keep = (letter: Letter, start: number, tag: number) => {
      const envelope = letter as Envelope;
      recalled.push({ tag, envelope: { ...envelope, bytes: envelope.bytes.slice(start, start + envelope.length) } });
    };
    while (lowest.ring.pop(this.#scratch) === outcome.DONE) openPopped(this.#family, lowest.ring, keep);
    return recalled;
  }

  /** Owner: empties all lanes, because nothing in them counts any more. */
  purge(): void {
    for (const { ring } of this.#lanes) {
      while (ring.pop(this.#scratch) === outcome.DONE) openPopped(this.#family, ring, this.#discard);
    }
  }

  /** Worker: takes and claims the next task, and opens it. Returns `undefined` when the pool has closed and no task waits any more. */
  tryTake<R>(open: Open<R>): R | undefined | NotYet {
    let shut = false;
    let lanes = this.#readLanes();
    for (let i = 0; i < lanes.length; i++) {
      const { ring } = lanes[i]!;
      for (;;) {
        // Read first: then every task that was put before the shutdown is seen.
        const isShut = ring.isShutDown;
        if (ring.isEmpty) {
          shut ||= isShut;
          break;
        }
        this.#claimed = false;
        if (ring.pop(this.#scratch, this.#claim) !== outcome.DONE) {
          // Another worker was quicker, or the lanes have changed and this one may have another priority.
          if (Atomics.load(this.#words, this.#at + field.version) === this.#version) continue;
          lanes = this.#readLanes();
          i = -1;
          break;
        }
        if (!this.#claimed) {
          openPopped(this.#family, ring, this.#discard);
          continue;
        }
        this.#passOn();
        return openPopped(this.#family, ring, open);
      }
    }
    return shut || this.#isBidden() ? undefined : NOT_YET;
  }

  #claimed = false;
  readonly #claim = (tag: number): boolean => {
    // SYNC(lanes): the owner changes the list before it pushes, so a worker that sees the task sees that its lane has changed.
    if (Atomics.load(this.#words, this.#at + field.version) !== this.#version) return false;
    this.#claimed = this.slots.claim(tag);
    return true;
  };

  /** Worker: waits for `attempt`, which is tried again whenever there may be a task. */
  whenSubmitted<T>(attempt: () => T | NotYet): Promise<T> {
    return this.#workers.wait(attempt, undefined, () => undefined as never);
  }

  /** Worker: sends the owner a report about a task. */
  report(tag: number, envelope: Envelope): void {
    this.#reports.tryPush(envelope, tag);
  }

  /** Owner: takes the oldest unread report, and opens it. */
  tryRead<R>(open: Open<R>): R | NotYet {
    return this.#reports.ring.isEmpty ? NOT_YET : this.#reports.tryPop(open);
  }

  /** Owner: waits for `attempt`, which is tried again at each report, or for the end of the board. */
  whenReported<T>(attempt: () => T | NotYet): Promise<T | undefined> {
    return this.#reports.receivers.wait<T | undefined>(attempt, undefined, () => undefined).catch(this.#unlessClosed);
  }

  /** Owner: blocks the thread until `attempt` succeeds, which is tried again at each report; returns `undefined` after the time-out. */
  untilReported<T>(attempt: () => T | NotYet, timeout: number): T | undefined {
    return this.#reports.receivers.waitSync<T | undefined>(attempt, { timeout }, () => undefined);
  }

  /** Any member: asks the owner to run a task. Throws `ShutDown` if the owner accepts none any more. */
  request(envelope: Envelope): void {
    this.#requests.tryPush(envelope, 0);
  }

  /**
   * Other members: calls `callback` when the owner's process or thread has ended. Returns a function that cancels this, or `undefined` if
   * the owner has ended already.
   */
  onOwnerEnd(callback: () => void): (() => void) | undefined {
    const { lifelines, members } = this.#family;
    const owner = this.#words[this.#at + field.ownerName] as number;
    const onDeath = () => {
      reclaim(this.#family, owner);
      callback();
    };
    if (!lifelines.watch(owner, onDeath) && members.isGone(owner)) return undefined;
    return () => lifelines.unwatch(owner, onDeath);
  }

  /**
   * Owner: waits for a request, and lets `open` decode it at once. Resolves to `undefined` when there can be no more requests. Does not
   * keep the program alive.
   */
  whenRequested<T>(open: Open<T>): Promise<T | undefined> {
    const attempt = () => this.#requests.tryPop(open);
    return this.#requests.receivers
      .wait<T | undefined>(attempt, undefined, () => undefined)
      .catch((error) => {
        if (!(error instanceof ShutDown)) this.#unlessClosed(error);
        return undefined;
      });
  }

  /** Owner: makes the present workers leave when they have nothing to do. */
  bidFarewell(): void {
    // SYNC(farewell): a worker reads it before it sleeps, and after it was woken.
    Atomics.add(this.#words, this.#at + field.farewells, 1);
    this.#workers.list.notifyAll();
  }

  /** The number of farewells of the owner. */
  get farewells(): number {
    // SYNC(farewell)
    return Atomics.load(this.#words, this.#at + field.farewells);
  }

  /** Worker: each farewell after the first `before` ones is for this worker too. */
  heedFarewells(before: number): void {
    this.#farewells = before;
  }

  readonly #isBidden = () => this.#farewells !== undefined && this.farewells !== this.#farewells;

  /** Owner: no more tasks; workers end when no task waits, or at once. */
  shutdown(immediate: boolean): void {
    for (const { ring } of this.#lanes) ring.shutdown(immediate);
    this.#requests.ring.shutdown(false);
    this.#workers.list.notifyAll();
    this.#requests.receivers.list.notifyAll();
    // Wakes the waits of this process itself, in an event loop that may have nothing else to do.
    this.#family.parker.schedule();
  }

  /** True after this process has released the board. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Releases the board and ends the waits of this thread: its memory must not be used afterwards. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const error = closedError(this);
    for (const each of [this.#workers, this.#reports, this.#requests]) each.close(error);
    super.close();
  }

  readonly #unlessClosed = (error: unknown): undefined => {
    if (!this.#isClosed) throw error;
  };

  /** Releases what a message holds that is not decoded. */
  readonly #discard = (letter: Letter): void => discardEnvelope(this.#family, letter as Envelope);

  /** Returns the lanes as the owner last wrote them. */
  #readLanes(): Lane[] {
    for (;;) {
      // SYNC(lanes): sees the whole list of an even version.
      const version = Atomics.load(this.#words, this.#at + field.version);
      if (version === this.#version) return this.#lanes;
      if (version & 1) continue;
      const count = this.#words[this.#at + field.laneCount] as number;
      const offsets = Array.from({ length: count }, (_, i) => placeOf(this.#words[this.#at + field.lanes + i]!));
      if (Atomics.load(this.#words, this.#at + field.version) !== version) continue;
      const known = new Map(this.#lanes.map((lane) => [lane.offset, lane]));
      this.#lanes = offsets.map(
        (offset) => known.get(offset) ?? { priority: Number.NaN, ring: new Ring(this.#family, offset), offset },
      );
      this.#version = version;
    }
  }

  /** Owner: returns the lane of a priority: its own, a new one, or an empty one that is given to this priority. */
  #laneFor(priority: number): Lane | undefined {
    const known = this.#lanes.find((lane) => lane.priority === priority);
    if (known !== undefined) return known;
    let lane: Lane;
    if (this.#lanes.length < LANES) {
      lane = createLane(this.#family, priority);
    } else {
      // Priority 0 keeps its lane if possible: almost every task goes there.
      const isEmpty = ({ ring }: Lane) => ring.isEmpty;
      const empty =
        this.#lanes.find((candidate) => candidate.priority !== 0 && isEmpty(candidate)) ?? this.#lanes.find(isEmpty);
      if (empty === undefined) return undefined;
      lane = { ...empty, priority };
      this.#lanes.splice(this.#lanes.indexOf(empty), 1);
    }
    this.#lanes.push(lane);
    this.#lanes.sort((a, b) => b.priority - a.priority);
    this.#publishLanes();
    return lane;
  }

  #publishLanes(): void {
    const version = this.#words[this.#at + field.version] as number;
    Atomics.store(this.#words, this.#at + field.version, version + 1);
    for (const [i, { offset }] of this.#lanes.entries()) this.#words[this.#at + field.lanes + i] = granuleOf(offset);
    this.#words[this.#at + field.laneCount] = this.#lanes.length;
    // SYNC(lanes): the list is complete.
    Atomics.store(this.#words, this.#at + field.version, version + 2);
    this.#version = version + 2;
  }
}
