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

/** A message to a watcher: a thread to be watched, by the index of its word in `lives` and the port that its end closes, and a port with more messages. */
export interface Order {
  readonly word?: number;
  readonly end?: MessagePort;
  readonly more?: MessagePort;
}

/**
 * The program of a watcher. Node closes a port when the thread that has it ends, in whatever way, and reports this to the other end, also if
 * that comes to the watcher later. The watcher does nothing else, so it gets the report whatever the thread's starters do.
 */
const program = `
const { workerData: { lives, sleepers, orders } } = require('node:worker_threads');
const ended = new Int32Array(lives);
const words = new Int32Array(sleepers.heap, 0, sleepers.words);
function listen(port) {
  port.on('message', ({ word, end, more }) => {
    if (more !== undefined) listen(more);
    end?.once('close', () => {
      // SYNC(life): before the watches are read.
      Atomics.store(ended, word, 1);
      for (let n = Atomics.load(words, sleepers.count), at = sleepers.first; n > 0; n--, at += sleepers.step) {
        if (Atomics.load(words, at + sleepers.watches) === 0) continue;
        // SYNC(park): every member that sleeps, or is about to, checks again.
        Atomics.store(words, at + sleepers.parked, sleepers.awake);
        Atomics.notify(words, at + sleepers.parked);
      }
    });
    // Deno tells of the end of a port only once the port is read.
    end?.start();
    end?.unref();
  });
}
listen(orders);
`;

/** Starts a thread that sees the end of other threads and wakes all members that wait for it; returns the port for its orders. It needs no turn of the event loop here. Throws if it cannot be started. */
export function startWatcher(lives: SharedArrayBuffer, sleepers: Sleepers): MessagePort {
  const { MessageChannel, Worker } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const watcher = new Worker(program, {
    eval: true,
    env: {},
    execArgv: [],
    name: 'multiproc watcher',
    workerData: { lives, sleepers, orders: port2 },
    transferList: [port2],
  });
  watcher.unref();
  watcher.on('error', (error) => process.emitWarning(error));
  port1.unref();
  return port1;
}
