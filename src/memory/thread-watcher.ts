import type { MessagePort } from 'node:worker_threads';

/** Where all who may sleep are found, in the words of the heap's first window. */
export interface Sleepers {
  readonly heap: SharedArrayBuffer;
  /** How many words the first window has. */
  readonly words: number;
  /** The word with the number of records, where the first begins, and from there to the next. */
  readonly count: number;
  readonly first: number;
  readonly step: number;
  /** In a record: the word that the member sleeps at, and the one that is 1 if it wants to know of ends. */
  readonly parked: number;
  readonly watches: number;
  /** What such a word says of one that is to look again. */
  readonly awake: number;
}

/** A thread to be watched: its number, what is closed by its end, and its own way to have others watched. */
interface Watched {
  readonly life: number;
  readonly end: MessagePort;
  readonly more: MessagePort;
}

/**
 * What the watcher runs. Node closes a port with the thread that has it, however that ends, and tells the other end; this end is in a thread
 * that does nothing else, so it is told whatever those do who have started the thread.
 */
const program = `
const { workerData: { lives, sleepers, orders } } = require('node:worker_threads');
const ended = new Int32Array(lives);
const words = new Int32Array(sleepers.heap, 0, sleepers.words);
function listen(port) {
  port.on('message', ({ life, end, more }) => {
    listen(more);
    end.once('close', () => {
      // SYNC(life): before it is asked who watches.
      Atomics.store(ended, life, 1);
      for (let n = Atomics.load(words, sleepers.count), at = sleepers.first; n > 0; n--, at += sleepers.step) {
        if (Atomics.load(words, at + sleepers.watches) === 0) continue;
        // SYNC(park): whoever sleeps, or is about to, looks again.
        Atomics.store(words, at + sleepers.parked, sleepers.awake);
        Atomics.notify(words, at + sleepers.parked);
      }
    });
    end.unref();
  });
}
listen(orders);
`;

/** Has a thread of its own see the end of others, and wake all who may wait for that. It starts with the first thread to be watched. */
export class ThreadWatcher {
  readonly #lives: SharedArrayBuffer;
  readonly #sleepers: Sleepers;
  #orders: MessagePort | undefined;

  /** `orders` is the way to the watcher that a thread was given. */
  constructor(lives: SharedArrayBuffer, sleepers: Sleepers, orders: MessagePort | undefined) {
    this.#lives = lives;
    this.#sleepers = sleepers;
    this.#orders = orders;
    orders?.unref();
  }

  /** Watches a thread that is about to start; answers the two ports that it must have. */
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
