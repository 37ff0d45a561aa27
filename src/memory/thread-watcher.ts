import type { MessagePort } from 'node:worker_threads';

/** The places of all possible sleepers, in the words of the heap's first window. */
export interface Sleepers {
  readonly heap: SharedArrayBuffer;
  /** The number of words of the first window. */
  readonly words: number;
  /** The word with the number of records, the index of the first record, and the distance to the next. */
  readonly count: number;
  readonly first: number;
  readonly step: number;
  /** In a record: the word at which the member sleeps, and the word that is 1 if it wants to know of ends. */
  readonly parked: number;
  readonly watches: number;
  /** The value of such a word for a member that must check again. */
  readonly awake: number;
}

/** A thread to be watched: its number, the port that its end closes, and its own way to have others watched. */
interface Watched {
  readonly life: number;
  readonly end: MessagePort;
  readonly more: MessagePort;
}

/**
 * The program of the watcher. Node closes a port when the thread that has it ends, in whatever way, and reports this to the other end.
 * The other end is in a thread that does nothing else, so it gets the report whatever the thread's starters do.
 */
const program = `
const { workerData: { lives, sleepers, orders } } = require('node:worker_threads');
const ended = new Int32Array(lives);
const words = new Int32Array(sleepers.heap, 0, sleepers.words);
function listen(port) {
  port.on('message', ({ life, end, more }) => {
    listen(more);
    end.once('close', () => {
      // SYNC(life): before the watches are read.
      Atomics.store(ended, life, 1);
      for (let n = Atomics.load(words, sleepers.count), at = sleepers.first; n > 0; n--, at += sleepers.step) {
        if (Atomics.load(words, at + sleepers.watches) === 0) continue;
        // SYNC(park): every member that sleeps, or is about to, checks again.
        Atomics.store(words, at + sleepers.parked, sleepers.awake);
        Atomics.notify(words, at + sleepers.parked);
      }
    });
    end.unref();
  });
}
listen(orders);
`;

/** Runs a thread that sees the end of other threads and wakes all members that may wait for it. It starts with the first thread to be watched. */
export class ThreadWatcher {
  readonly #lives: SharedArrayBuffer;
  readonly #sleepers: Sleepers;
  #orders: MessagePort | undefined;

  /** `orders` is the port to the watcher that a thread was given. */
  constructor(lives: SharedArrayBuffer, sleepers: Sleepers, orders: MessagePort | undefined) {
    this.#lives = lives;
    this.#sleepers = sleepers;
    this.#orders = orders;
    orders?.unref();
  }

  /** Watches a thread that is about to start; returns the two ports that it needs. */
  watch(life: number): { life: MessagePort; toWatcher: MessagePort } {
    const { MessageChannel } = process.getBuiltinModule('node:worker_threads');
    this.#orders ??= this.#start();
    const ending = new MessageChannel();
    const ordering = new MessageChannel();
    const order: Watched = { life, end: ending.port2, more: ordering.port2 };
    this.#orders.postMessage(order, [ending.port2, ordering.port2]);
    return { life: ending.port1, toWatcher: ordering.port1 };
  }

  #start(): MessagePort {
    const { MessageChannel, Worker } = process.getBuiltinModule('node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const watcher = new Worker(program, {
      eval: true,
      env: {},
      execArgv: [],
      name: 'multiproc watcher',
      workerData: { lives: this.#lives, sleepers: this.#sleepers, orders: port2 },
      transferList: [port2],
    });
    watcher.unref();
    watcher.on('error', (error) => process.emitWarning(error));
    port1.unref();
    return port1;
  }
}
