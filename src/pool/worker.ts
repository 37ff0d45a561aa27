import { pack, unpack } from '../channel/transport.ts';
import { SerializationError } from '../errors.ts';
import { family } from '../memory/family.ts';
import { discardParcel } from '../ring/parcel.ts';
import { afterTurn, isLoopStarving } from '../sync/loop-turn.ts';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';
import { FunctionCache } from './function-shelf.ts';
import { type ReportMessage, report, type TaskMessage, way } from './messages.ts';
import type { Delivery, TaskBoard } from './task-board.ts';

/** What a worker is told when it starts. */
export interface WorkerOrders {
  readonly board: TaskBoard;
  // biome-ignore lint/suspicious/noExplicitAny: the initializer takes what the pool was given for it.
  readonly initializer: ((...args: any[]) => unknown) | undefined;
  readonly initargs: readonly unknown[];
  readonly concurrency: number;
  /** The worker ends after so many tasks, and beyond so many resident bytes; `Infinity` for never. */
  readonly maxTasks: number;
  readonly maxMemory: number;
  readonly depth: number;
}

/** How deep pools are nested around this process: 0 in a process that is no worker. */
export let poolDepth = 0;

type Task = { readonly tag: number; readonly message: TaskMessage } | { readonly tag: number; readonly error: unknown };

/** What a worker process runs: takes tasks off the board until the pool closes, or until it is to be replaced. */
export async function runWorker(orders: WorkerOrders): Promise<void> {
  poolDepth = orders.depth;
  // The parent decides what Ctrl-C means, which reaches the whole group.
  process.on('SIGINT', () => {});
  const worker = new Worker(orders);
  if (await worker.initialize()) {
    await Promise.all(Array.from({ length: orders.concurrency }, () => worker.run()));
  }
  // Timers and sockets that tasks left behind have had their time.
  process.exit();
}

class Worker {
  readonly #orders: WorkerOrders;
  readonly #board: TaskBoard;
  readonly #functions = new FunctionCache(family());
  #left: number;

  constructor(orders: WorkerOrders) {
    this.#orders = orders;
    this.#board = orders.board;
    this.#left = orders.maxTasks;
  }

  async initialize(): Promise<boolean> {
    const { initializer, initargs } = this.#orders;
    try {
      await initializer?.(...initargs);
      return true;
    } catch (error) {
      this.#report(0, [report.BROKEN, error]);
      return false;
    }
  }

  async run(): Promise<void> {
    while (this.#left > 0 && !this.#isTooLarge()) {
      this.#left--;
      let task = this.#tryTake();
      if (task === NOT_YET) task = await this.#board.whenSubmitted(this.#tryTake);
      if (task === undefined) return;
      const outcome = 'error' in task ? ([report.ERROR, task.error] as const) : this.#perform(task.tag, task.message);
      const result = outcome instanceof Promise ? await outcome : outcome;
      // Condemned: the owner is ending this worker, and it must not take another task before that.
      if (!this.#board.slots.finish(task.tag) && this.#orders.concurrency === 1) return;
      this.#report(task.tag, result);
      if (isLoopStarving()) await afterTurn(undefined);
    }
  }

  #isTooLarge(): boolean {
    const { maxMemory } = this.#orders;
    return maxMemory !== Number.POSITIVE_INFINITY && process.memoryUsage.rss() > maxMemory;
  }

  readonly #tryTake = (): Task | undefined | NotYet => {
    const taken = this.#board.tryTake();
    return taken === NOT_YET || taken === undefined ? taken : this.#decode(taken);
  };

  #decode({ tag, parcel, start, block }: Delivery): Task {
    try {
      return { tag, message: unpack(family(), parcel, start) as TaskMessage };
    } catch (error) {
      return { tag, error };
    } finally {
      if (block !== 0) family().allocator.free(block);
    }
  }

  /** Runs a task; a promise only where the function made one. */
  #perform(tag: number, message: TaskMessage): ReportMessage | Promise<ReportMessage> {
    const [id, granule, how, announced, input, start] = message;
    if (announced) this.#report(tag, [report.STARTED]);
    try {
      const fn = this.#functions.get(id, granule);
      if (how === way.EACH) return this.#each(Array.from(input), (item) => fn(item));
      if (how === way.STAR) return this.#each(Array.from(input), (item) => fn(...(item as Iterable<unknown>)));
      const value = how === way.CALL ? fn(...Array.from(input)) : fn(input, start);
      return isThenable(value) ? settle(value) : [report.RESULT, value];
    } catch (error) {
      return [report.ERROR, error];
    }
  }

  /** One item after the other; an error of one does not keep the others from running. */
  #each(items: unknown[], call: (item: unknown) => unknown): ReportMessage | Promise<ReportMessage> {
    const values: unknown[] = new Array(items.length).fill(undefined);
    const errors: [number, unknown][] = [];
    for (let i = 0; i < items.length; i++) {
      try {
        const value = call(items[i]);
        if (isThenable(value)) return eachFrom(i, value, items, call, values, errors);
        values[i] = value;
      } catch (error) {
        errors.push([i, error]);
      }
    }
    return [report.RESULTS, values, errors];
  }

  /** Sends a report; what cannot be sent becomes the error of its task, or of its item. */
  #report(tag: number, message: ReportMessage): void {
    let parcel: ReturnType<typeof pack>;
    try {
      parcel = pack(family(), message, 'result');
    } catch (error) {
      parcel = pack(family(), sendable(message, error), 'result');
    }
    this.#board.report(tag, parcel);
  }
}

/** From the item on whose function was asynchronous. */
async function eachFrom(
  first: number,
  promise: PromiseLike<unknown>,
  items: unknown[],
  call: (item: unknown) => unknown,
  values: unknown[],
  errors: [number, unknown][],
): Promise<ReportMessage> {
  for (let i = first; i < items.length; i++) {
    try {
      values[i] = await (i === first ? promise : call(items[i]));
    } catch (error) {
      errors.push([i, error]);
    }
  }
  return [report.RESULTS, values, errors];
}

async function settle(promise: PromiseLike<unknown>): Promise<ReportMessage> {
  try {
    return [report.RESULT, await promise];
  } catch (error) {
    return [report.ERROR, error];
  }
}

/** The part of a message that can be sent: `refusal` stands for what cannot. */
function sendable(message: ReportMessage, refusal: unknown): ReportMessage {
  const reason = refusal instanceof SerializationError ? refusal : new SerializationError(String(refusal), '');
  if (message[0] !== report.RESULTS) return [report.ERROR, reason];
  const [, values, errors] = message;
  const kept: unknown[] = [];
  const reasons = errors.filter(([, error]) => refusalOf(error) === undefined);
  for (const [i, value] of values.entries()) {
    const refused = refusalOf(value);
    kept.push(refused === undefined ? value : undefined);
    if (refused !== undefined) reasons.push([i, refused]);
  }
  return [report.RESULTS, kept, reasons];
}

/** Why a value cannot be sent, `undefined` if it can. */
function refusalOf(value: unknown): unknown {
  try {
    discardParcel(family(), pack(family(), value, 'result'));
    return undefined;
  } catch (error) {
    return error;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
