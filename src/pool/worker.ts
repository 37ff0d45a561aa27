import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks';
import type { Letter } from '../channel/mailbox.ts';
import { unpack } from '../channel/transport.ts';
import { withinProcess } from '../codec/within-process.ts';
import { clock, inspect, types } from '../engine/builtins.ts';
import { isMainThread } from '../engine/main-thread.ts';
import { nextAsyncId } from '../engine/next-async-id.ts';
import { importModule } from '../functions/import-module.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { runFunction } from '../functions/run-function.ts';
import { family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { currentProcess } from '../process/process.ts';
import type { Envelope } from '../ring/envelope.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { afterTurn } from '../waits/loop-turn.ts';
import { handleBeforeExit } from './before-exit.ts';
import { becomeSource } from './current-task.ts';
import { FunctionCache } from './function-cache.ts';
import {
  ATTEMPT_AT,
  MODULES_AT,
  NUMBER_AT,
  packReport,
  type ReportMessage,
  report,
  type TaskMessage,
} from './messages.ts';
import { LoopPoll } from './polling.ts';
import type { TaskBoard } from './task-board.ts';
import { dropTermination, onTermination } from './termination.ts';

/** The orders of a worker, received at its start. */
export interface WorkerOrders {
  readonly board: TaskBoard;
  // biome-ignore lint/suspicious/noExplicitAny: the initializer takes what the pool was given for it.
  readonly initializer: ((...args: any[]) => unknown) | undefined;
  readonly initargs: readonly unknown[];
  readonly finalizer: (() => unknown) | undefined;
  readonly concurrency: number;
  /** The worker ends after this many tasks, or above this many resident bytes; `Infinity` for never. */
  readonly maxTasks: number;
  readonly maxMemory: number;
  readonly depth: number;
  /** See `TaskBoard`. */
  readonly farewells: number;
}

let depth = 0;

/** Returns how deep pools are nested around this process: 0 in a process that is not a worker. */
export function poolDepth(): number {
  return depth;
}

interface Task {
  readonly tag: number;
  readonly message: TaskMessage | undefined;
  /** The reason why there is no message. */
  readonly error: unknown;
}

/** Milliseconds of work after which the event loop turns, so that timers and sockets of earlier tasks go on. */
const TURN_AFTER = 2;

/** The main function of a worker: takes tasks off the board until the pool closes or the worker is to be replaced. */
export async function runWorker(orders: WorkerOrders): Promise<void> {
  depth = orders.depth;
  // Ctrl-C reaches the whole process group; the parent decides what it means.
  process.on('SIGINT', () => {});
  if (isMainThread) dropTermination();
  const worker = new Worker(orders);
  // Replaces the handler that every child has: a worker reports to its pool which task the error came from.
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error, origin) => worker.uncaught(error, origin));
  if (await worker.initialize()) {
    if (orders.finalizer !== undefined) onTermination(family(), () => void worker.leave().then(() => process.exit()));
    await worker.serve();
    await worker.leave();
  }
  // Timers and sockets of earlier tasks have had their time.
  process.exit();
}

class Worker {
  readonly #orders: WorkerOrders;
  readonly #board: TaskBoard;
  readonly #functions: FunctionCache;
  readonly #inHand = new Map<number, Task>();
  readonly #poll = new LoopPoll();
  /** The tag of the task whose code is running: see README.md, "Whose error it is". */
  readonly #context = new AsyncLocalStorage<number>();
  /** The only task in hand runs in the context. */
  #isMarked = false;
  /** Asynchronous work that was begun before the next task may still fail. */
  #hasStrays = false;
  #left: number;
  #turned = clock();
  /** The number of resources that the event loop holds for the worker itself. */
  #resources = 0;
  /** Asynchronous work with a lower id was begun before the task in hand. */
  #firstAsyncId = 0;
  #leaving: Promise<void> | undefined;
  /** Ends the service, and with it the runners that sleep. */
  #end = () => {};

  constructor(orders: WorkerOrders) {
    this.#orders = orders;
    this.#board = orders.board;
    this.#board.heedFarewells(orders.farewells);
    this.#left = orders.maxTasks;
    this.#functions = new FunctionCache(family(), orders.board.functions);
    becomeSource({
      find: () => this.#running(),
      describe: ({ message }: Task) => [
        String(message![NUMBER_AT]),
        message![ATTEMPT_AT],
        message![NUMBER_AT],
        undefined,
      ],
    });
  }

  /** Returns the task whose code is running. */
  #running(): Task | undefined {
    const tag = this.#context.getStore();
    if (tag !== undefined) return this.#inHand.get(tag);
    // Without a context it is the only task in hand, or code that an earlier task has left behind.
    if (this.#orders.concurrency > 1 || this.#isMarked) return undefined;
    return this.#inHand.values().next().value;
  }

  async initialize(): Promise<boolean> {
    const { initializer, initargs } = this.#orders;
    try {
      this.#firstAsyncId = nextAsyncId();
      await initializer?.(...initargs);
      this.#noteStrays();
      return true;
    } catch (error) {
      this.#report(0, [report.BROKEN, error, family().me]);
      return false;
    }
  }

  /** Runs tasks until the pool closes, or until this worker has done its share. */
  async serve(): Promise<void> {
    this.#resources = process.getActiveResourcesInfo().length;
    const over = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    const runners = Array.from({ length: this.#orders.concurrency }, () => this.#run());
    await Promise.race([over, Promise.all(runners)]);
    this.#report(0, [report.LEAVING, family().me]);
  }

  /** Runs the finalizer and the exit handlers before this worker ends in order; once. */
  leave(): Promise<void> {
    this.#left = 0;
    this.#leaving ??= this.#finish();
    return this.#leaving;
  }

  async #finish(): Promise<void> {
    await this.#orders.finalizer?.();
    await handleBeforeExit();
  }

  async #run(): Promise<void> {
    for (;;) {
      let task = this.#tryTake();
      if (task === NOT_YET) task = await this.#nextTask();
      if (task === undefined) return;
      const { tag, message } = task;
      this.#inHand.set(tag, task);
      let outcome: ReportMessage | Promise<ReportMessage>;
      if (message === undefined) outcome = [report.ERROR, task.error];
      else if (message.length > MODULES_AT && !this.#functions.has(message[0]))
        outcome = this.#importFirst(tag, message);
      else outcome = this.#perform(tag, message);
      const result = types.isPromise(outcome) ? await outcome : outcome;
      if (!this.#hasStrays) this.#noteStrays();
      const mayReport = this.#board.slots.finish(tag);
      this.#inHand.delete(tag);
      // The task is condemned: the owner is ending this worker, which must not take another task before that.
      if (!mayReport && this.#orders.concurrency === 1) return;
      // Reported in any case, except for a blamed task: until then the owner keeps the task's slot.
      if (result[0] !== report.STARTED) this.#report(tag, result);
      if (this.#isTooLarge()) this.#left = 0;
      if (this.#left === 0 && this.#inHand.size === 0) return this.#end();
      const now = clock();
      if (now - this.#turned > TURN_AFTER) {
        await afterTurn(undefined);
        this.#turned = clock();
      }
    }
  }

  /** Handles an uncaught error: it ends the worker, but of the tasks in hand only the one that it comes from. */
  uncaught(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
    // A handler of the user takes care of the error.
    if (process.listenerCount('uncaughtException') > 1) return;
    const { name } = currentProcess();
    process.stderr.write(`${name} (pid ${process.pid}) is ended by an uncaught error:\n${inspect(error)}\n`);
    process.exitCode = 1;
    if (this.#inHand.size > 0) {
      const tag = this.#context.getStore();
      if (this.#orders.concurrency > 1) {
        if (this.#blame(tag, error)) return;
      } else if (this.#isLeftBehind(tag, origin)) {
        // The tasks in hand may finish.
        this.#left = 0;
        return;
      }
    }
    this.#report(0, [report.UNCAUGHT, error, family().me]);
    process.exit(1);
  }

  /** True if the error does not come from the only task in hand; `tag` is the context that it comes from. */
  #isLeftBehind(tag: number | undefined, origin: NodeJS.UncaughtExceptionOrigin): boolean {
    if (this.#isMarked || tag !== undefined) return tag === undefined || !this.#inHand.has(tag);
    const asyncId = executionAsyncId();
    return origin === 'uncaughtException' && asyncId > 0 && asyncId < this.#firstAsyncId;
  }

  /** Checks whether the task that has just ended left something: it has begun asynchronous work, or waits for another member. */
  #noteStrays(): void {
    if (this.#orders.concurrency > 1) return;
    const { me, members } = family();
    this.#hasStrays = nextAsyncId() - this.#firstAsyncId > 1 || members.get(me, field.parked) !== 0;
  }

  /** Ends the task in hand whose code threw. Returns false if it is unknown which one that is. */
  #blame(tag: number | undefined, error: unknown): boolean {
    if (tag === undefined) return false;
    this.#left = 0;
    // Its runner goes on waiting for it; the worker ends when the other tasks have ended.
    if (this.#inHand.delete(tag) && this.#board.slots.finish(tag)) this.#report(tag, [report.ERROR, error]);
    this.#settleBlamed.get(tag)?.();
    return true;
  }

  readonly #settleBlamed = new Map<number, () => void>();

  #isTooLarge(): boolean {
    const { maxMemory } = this.#orders;
    return maxMemory !== Number.POSITIVE_INFINITY && memoryInUse() > maxMemory;
  }

  #nextTask(): Promise<Task | undefined> {
    return new Promise((resolve) => {
      this.#poll.wait(this.#tryTake, this.#mayPoll, this.#sleep, (task) => {
        this.#board.endPoll();
        this.#turned = clock();
        resolve(task);
      });
    });
  }

  /**
   * False if earlier tasks left timers or sockets: this event loop may be busy, so it must not announce that it polls, and another worker
   * must be woken.
   */
  readonly #mayPoll = () =>
    this.#orders.concurrency === 1 &&
    process.getActiveResourcesInfo().length <= this.#resources &&
    this.#board.tryPoll();

  readonly #sleep = () => {
    this.#board.endPoll();
    return this.#board.whenSubmitted<Task | undefined>(this.#tryTake);
  };

  readonly #tryTake = (): Task | undefined | NotYet => {
    if (this.#left === 0) return undefined;
    if (this.#orders.concurrency > 1 && this.#inHand.size > 0) {
      for (const tag of this.#inHand.keys()) if (this.#board.slots.isCondemned(tag)) return undefined;
    }
    return this.#board.tryTake(this.#open);
  };

  readonly #open = (letter: Letter, start: number, tag: number): Task => {
    this.#left--;
    try {
      return { tag, message: unpack(family(), letter as Envelope, start) as TaskMessage, error: undefined };
    } catch (error) {
      return { tag, message: undefined, error };
    }
  };

  /** Imports modules with top-level await, which cannot be loaded while the function is decoded. */
  async #importFirst(tag: number, message: TaskMessage): Promise<ReportMessage> {
    // A module that cannot be imported is reported where it is used.
    for (const url of message[MODULES_AT] ?? []) await importModule(url).catch(() => {});
    // The modules themselves may have begun work.
    this.#hasStrays = this.#orders.concurrency === 1;
    return this.#perform(tag, message);
  }

  /** Runs a task; returns a promise only if the function returned one. */
  #perform(tag: number, message: TaskMessage): ReportMessage | Promise<ReportMessage> {
    if (message[3]) this.#report(tag, [report.STARTED]);
    if (this.#orders.concurrency === 1) {
      this.#firstAsyncId = nextAsyncId();
      this.#isMarked = this.#hasStrays && this.#functions.mayBeAsync(message[0]);
      return this.#isMarked ? this.#context.run(tag, () => this.#call(message)) : this.#call(message);
    }
    return this.#context.run(tag, () => {
      const outcome = this.#call(message);
      if (!types.isPromise(outcome)) return outcome;
      const blamed = new Promise<ReportMessage>((resolve) => {
        this.#settleBlamed.set(tag, () => resolve([report.STARTED]));
      });
      return Promise.race([outcome, blamed]).finally(() => this.#settleBlamed.delete(tag));
    });
  }

  #call([id, granule, how, , input, start]: TaskMessage): ReportMessage | Promise<ReportMessage> {
    try {
      const known = this.#functions.get(id, granule);
      const end = runFunction(known.fn, how, input, start);
      if (!Array.isArray(end)) known.wasAsync = true;
      else if (end[0] === report.RESULT) known.wasCalled = true;
      return end;
    } catch (error) {
      return [report.ERROR, error];
    }
  }

  #report(tag: number, message: ReportMessage): void {
    // The owner of a thread is in the same process.
    this.#board.report(tag, isMainThread ? packReport(message) : withinProcess(() => packReport(message)));
  }
}

/** Returns the bytes in use: for a thread, those of its own heap, because the process's would not be its measure. */
function memoryInUse(): number {
  if (isMainThread) return process.memoryUsage.rss();
  const { total_heap_size, external_memory } = process.getBuiltinModule('node:v8').getHeapStatistics();
  return total_heap_size + external_memory;
}

registerOwnExports({ runWorker }, 'multiproc/internal');
