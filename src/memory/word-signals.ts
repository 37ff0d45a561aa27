import type { MessagePort } from 'node:worker_threads';
import { queueMicrotask } from '../engine/builtins.ts';
import { WINDOW_BYTES } from '../platform/memory.ts';
import type { Unseen } from '../platform/processes.ts';
import { keepAlive } from '../waits/timer.ts';
import { type Heap, wordIndex } from './heap.ts';
import { layout } from './layout.ts';
import { Lives } from './lives.ts';
import { field, Members, state } from './members.ts';
import { type Bells, type Ends, type EndsPass, type Listening, parked, type Signals } from './signals.ts';
import { ThreadWatcher, type WatchPass } from './thread-watcher.ts';
import { WordLifelines } from './word-lifelines.ts';

/** Milliseconds until a thread that could not start its watcher tries again. */
const RETRY = 250;

/** Signals between the threads of one program, only by words: each member sleeps at its word `parked`, blocked or in its event loop. */
export class WordSignals implements Signals {
  readonly lifelines: WordLifelines;
  readonly doorbells: Bells;
  readonly #heap: Heap;
  readonly #members: Members;
  readonly #me: number;
  readonly #lives: Lives;
  readonly #watcher: ThreadWatcher;
  /** This thread's number in `lives`. */
  readonly #life: number;
  /** What this thread was given. Node closes its ends when this thread ends; nothing else may close them. */
  readonly #pass: WatchPass | undefined;
  /** True while a watcher that is needed could not be started. */
  #lacksWatcher = false;
  #onRing: (() => void) | undefined;
  #isHearing = false;

  /** `pass` is what the starter of this thread has given it. */
  constructor(heap: Heap, members: Members, me: number, pass: EndsPass | undefined) {
    this.#heap = heap;
    this.#members = members;
    this.#me = me;
    this.#lives = new Lives(pass?.shared?.lives, heap.memory.bytes);
    this.#life = pass?.lifeline ?? this.#lives.begin(0);
    this.#pass = pass?.watch;
    for (const end of this.#pass?.ends ?? []) end.unref();
    this.lifelines = new WordLifelines(this.#lives, members, me, (life, isChild) => {
      // Node tells this event loop of the end of a child; a program ends with its first thread.
      if (!isChild && life !== Lives.FIRST) this.#watcher.need();
      this.#hear();
    });
    this.doorbells = {
      ring: (member) => {
        heap.memory.wake(members.place(member, field.parked));
        return this.#isKnownGone(member) ? 'gone' : 'rung';
      },
      forget() {},
    };
    const sleepers = {
      heap: heap.memory.pass.buffer as SharedArrayBuffer,
      words: WINDOW_BYTES / 4,
      count: wordIndex(layout.highWater),
      ...Members.records,
      parked: field.parked,
      watches: field.watches,
      awake: parked.AWAKE,
    };
    this.#watcher = new ThreadWatcher(this.#lives, sleepers, this.#pass);
  }

  prepare(member: number): Ends {
    const life = this.#watcher.begin(this.#life);
    let ports: MessagePort[] = [];
    return {
      forThread: () => {
        const watch = this.#watcher.watch(life);
        ports = [...watch.ends, watch.toWatcher];
        if (watch.orders !== undefined) ports.push(watch.orders);
        return { pass: { lifeline: life, shared: { lives: this.#lives.buffer }, watch }, transfer: ports };
      },
      forProcess: () => [],
      started: (findOut) => this.lifelines.adopt(member, life, findOut),
      handedOver() {},
      settle: () => this.#lives.end(life),
      giveUp() {
        for (const port of ports) port.close();
      },
    };
  }

  join(): boolean {
    const { isMainThread, threadId } = process.getBuiltinModule('node:worker_threads');
    const members = this.#members;
    // As in the kernel, which gives the first thread the number of its process.
    members.set(this.#me, field.tid, isMainThread ? process.pid : -threadId);
    members.set(this.#me, field.startTime, this.#life);
    // Not in the record of a member that was reclaimed while it filled that in.
    return members.compareExchange(this.#me, field.state, state.STARTING, state.LIVE) === state.STARTING;
  }

  look(member: number): 'there' | Unseen {
    const life = this.#members.get(member, field.startTime);
    if (this.#lives.hasEnded(life)) return 'gone';
    // That no member has seen its end is no proof: from now on a watcher sees it.
    if (life !== Lives.FIRST && life !== this.#life && !this.#tryToWatch()) return 'unknown';
    return 'there';
  }

  isProcessGone(): boolean {
    return false;
  }

  listen(onRing: () => void): Listening {
    this.#onRing = onRing;
    this.#hear();
    // A promise of `waitAsync` does not keep a program alive.
    const alive = keepAlive().unref();
    return { ref: () => void alive.ref(), unref: () => void alive.unref() };
  }

  wayToSleep(): number {
    if (this.lifelines.lookAtAll()) return parked.AWAKE;
    // The event loop of this thread is not told of anything while the thread sleeps.
    if (this.lifelines.hasChildren) this.#tryToWatch();
    return parked.SLEEPING;
  }

  sleep(way: number, timeout: number): void {
    const longest = this.#lacksWatcher ? Math.min(timeout, RETRY) : timeout;
    this.#heap.memory.sleep(this.#members.place(this.#me, field.parked), way, longest);
  }

  settleThreads(): void {}

  /** Returns false if the watcher that is needed cannot be started now. */
  #tryToWatch(): boolean {
    try {
      this.#watcher.need();
      this.#lacksWatcher = false;
    } catch (error) {
      if (!this.#lacksWatcher) process.emitWarning(error as Error);
      this.#lacksWatcher = true;
    }
    return !this.#lacksWatcher;
  }

  /** Without any effort to learn more. */
  #isKnownGone(member: number): boolean {
    const members = this.#members;
    if (members.isKnownGone(member)) return true;
    return (
      members.get(member, field.state) === state.LIVE && this.#lives.hasEnded(members.get(member, field.startTime))
    );
  }

  /** Hears from now on, in its event loop, every member that wakes it. */
  #hear(): void {
    if (this.#isHearing) return;
    this.#isHearing = true;
    this.#hearNext();
  }

  #hearNext(): void {
    const words = this.#members.words;
    const index = this.#members.index(this.#me, field.parked);
    // For any value of the word: every change of it by another member is a wake-up.
    for (;;) {
      const wait = Atomics.waitAsync(words, index, Atomics.load(words, index));
      if (!wait.async) continue;
      void wait.value.then(this.#onNotified);
      return;
    }
  }

  readonly #onNotified = (): void => {
    // SYNC(park): before anything is checked.
    this.#hearNext();
    try {
      this.lifelines.lookAtAll();
      this.#onRing?.();
    } catch (error) {
      // An error of a program's own check is uncaught, as in an event handler.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
