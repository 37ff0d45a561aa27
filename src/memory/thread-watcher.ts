import type { MessagePort } from 'node:worker_threads';
import { Lives } from './lives.ts';
import { type Order, type Sleepers, startWatcher } from './watcher-program.ts';

/** The threads of the first one that start without a watcher. */
const UNWATCHED = 2;
/** Elsewhere than in Node it is not known that a thread ends after the threads that it has started, nor that a late port tells of its end. */
const isNode = process.versions.bun === undefined && process.versions.deno === undefined;

/** The ports of a thread for its watchers. */
export interface WatchPass {
  /** Node closes them when the thread ends; nothing else may close them. */
  readonly ends: readonly MessagePort[];
  /** The way to have others watched by the watcher of the first thread. */
  readonly toWatcher: MessagePort;
  /** The orders for a watcher that the thread starts itself if it needs one. */
  readonly orders?: MessagePort | undefined;
}

/**
 * Has the end of threads seen. The orders to watch them lie ready from their start, and a watcher is started when a member may need it: most
 * short programs need none. See README.md, "Watchers".
 */
export class ThreadWatcher {
  readonly #lives: Lives;
  readonly #sleepers: Sleepers;
  /** The way to the watcher of the first thread; `undefined` in the first thread. */
  readonly #upwards: MessagePort | undefined;
  /** The orders for this thread's own watcher, which it has not started. */
  readonly #waiting: MessagePort[] = [];
  /** Where this thread orders others to be watched by its own watcher. */
  #own: MessagePort | undefined;
  #watcher: MessagePort | undefined;
  /** In the first thread: the number of threads that it has started, the number of the first of them, and the orders for the watchers of the first and the second. */
  #count = 0;
  #pair: { first: number; toFirst: MessagePort; toSecond: MessagePort; ofSecond: MessagePort } | undefined;

  /** `pass` is what the starter of this thread has given it. */
  constructor(lives: Lives, sleepers: Sleepers, pass: WatchPass | undefined) {
    this.#lives = lives;
    this.#sleepers = sleepers;
    this.#upwards = pass?.toWatcher;
    this.#upwards?.unref();
    if (pass?.orders !== undefined) this.#waiting.push(pass.orders);
  }

  /** Returns the number for a thread that is about to start, given the number of this one. */
  begin(starter: number): number {
    return this.#lives.begin(isNode ? starter : 0);
  }

  /** Watches for the end of a thread that is about to start. Throws if that needs a watcher and none can be started. */
  watch(life: number): WatchPass {
    return this.#upwards === undefined ? this.#watchOfFirst(life) : this.#watchOfNested(life, this.#upwards);
  }

  /** Sees to it that the end of every thread is seen from now on, whatever the other threads do. Throws if no watcher can be started. */
  need(): void {
    if (this.#watcher !== undefined || this.#waiting.length === 0 || this.#lives.areWatched) return;
    // Only now that it runs are the orders given away.
    const watcher = startWatcher(this.#lives.buffer, this.#sleepers);
    for (const more of this.#waiting) watcher.postMessage({ more } satisfies Order, [more]);
    this.#watcher = watcher;
    if (this.#upwards === undefined) this.#lives.setWatched();
  }

  #watchOfFirst(life: number): WatchPass {
    const more = makeChannel();
    const ends = [order(this.#toOwn(), life, more.port2)];
    const pass = { ends, toWatcher: more.port1 };
    this.#count++;
    if (!isNode || this.#count > UNWATCHED) this.need();
    if (this.#lives.areWatched) return pass;
    // Each of the two may wait for the other while this thread is busy.
    if (this.#pair === undefined) {
      const [first, second] = [makeChannel(), makeChannel()];
      // An order lies in the port: an end that this thread held would close with the first of the two, and could not be given to the second.
      ends.push(order(second.port1, life));
      this.#pair = { first: life, toFirst: first.port1, toSecond: second.port1, ofSecond: second.port2 };
      return { ...pass, orders: first.port2 };
    }
    const { first, toFirst, ofSecond: orders } = this.#pair;
    if (!this.#lives.hasEnded(first)) ends.push(order(toFirst, life));
    return { ...pass, orders };
  }

  /** A thread of another thread than the first: the first one may be too busy to start a watcher at the order. */
  #watchOfNested(life: number, upwards: MessagePort): WatchPass {
    const more = makeChannel();
    const ends = [order(upwards, life, more.port2)];
    if (!this.#lives.areWatched) {
      ends.push(order(this.#toOwn(), life));
      this.need();
    }
    return { ends, toWatcher: more.port1 };
  }

  #toOwn(): MessagePort {
    if (this.#own === undefined) {
      const { port1, port2 } = makeChannel();
      this.#own = port1;
      this.#waiting.push(port2);
    }
    return this.#own;
  }
}

/** Orders a thread to be watched; returns the port that its end must close. */
function order(toWatcher: MessagePort, life: number, more?: MessagePort): MessagePort {
  const { port1, port2: end } = makeChannel();
  const watched: Order = { word: Lives.wordOf(life), end, ...(more === undefined ? {} : { more }) };
  toWatcher.postMessage(watched, more === undefined ? [end] : [end, more]);
  return port1;
}

function makeChannel(): { port1: MessagePort; port2: MessagePort } {
  const { MessageChannel } = process.getBuiltinModule('node:worker_threads');
  return new MessageChannel();
}
