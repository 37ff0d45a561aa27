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
import { ThreadWatcher } from './thread-watcher.ts';
import { WordLifelines } from './word-lifelines.ts';

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
  /** Node closes it when this thread ends; nothing else may close it. */
  readonly #end: MessagePort | undefined;
  #onRing: (() => void) | undefined;
  #isHearing = false;

  /** `pass` is what the starter of this thread has given it. */
  constructor(heap: Heap, members: Members, me: number, pass: EndsPass | undefined) {
    this.#heap = heap;
    this.#members = members;
    this.#me = me;
    this.#lives = new Lives(pass?.shared?.lives);
    this.#life = pass?.lifeline ?? this.#lives.begin();
    this.#end = pass?.life;
    this.#end?.unref();
    this.lifelines = new WordLifelines(this.#lives, members, me, () => this.#hear());
    this.doorbells = {
      ring(member) {
        heap.memory.wake(members.place(member, field.parked));
        return members.isGone(member) ? 'gone' : 'rung';
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
    this.#watcher = new ThreadWatcher(this.#lives.buffer, sleepers, pass?.toWatcher);
  }

  prepare(member: number): Ends {
    const life = this.#lives.begin();
    let ports: { life: MessagePort; toWatcher: MessagePort } | undefined;
    return {
      forThread: () => {
        ports = this.#watcher.watch(life);
        const pass = { lifeline: life, shared: { lives: this.#lives.buffer }, ...ports };
        return { pass, transfer: [ports.life, ports.toWatcher] };
      },
      forProcess: () => [],
      started: (findOut) => this.lifelines.adopt(member, life, findOut),
      handedOver() {},
      settle: () => this.#lives.end(life),
      giveUp() {
        ports?.life.close();
        ports?.toWatcher.close();
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
    return this.#lives.hasEnded(this.#members.get(member, field.startTime)) ? 'gone' : 'there';
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
    return this.lifelines.lookAtAll() ? parked.AWAKE : parked.SLEEPING;
  }

  sleep(way: number, timeout: number): void {
    this.#heap.memory.sleep(this.#members.place(this.#me, field.parked), way, timeout);
  }

  settleThreads(): void {}

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
