/** `getContext`: the library bound to one start method. It uses pools and processes, so it stands with the doors. */
import { Barrier } from '../channel/barrier.ts';
import { JoinableQueue } from '../channel/joinable-queue.ts';
import { Queue } from '../channel/queue.ts';
import { SimpleQueue } from '../channel/simple-queue.ts';
import { pipe } from '../connection/pipe.ts';
import { Pool } from '../pool/pool.ts';
import type { CommonPoolOptions, PoolOptions } from '../pool/pool-options.ts';
import { cpuCount } from '../process/cpu-count.ts';
import { parentProcess } from '../process/parent-process.ts';
import { activeChildren, currentProcess, Process } from '../process/process.ts';
import type {
  AnyArgs,
  CommonProcessOptions,
  DetachableOptions,
  ProcessOptions,
  WithArgs,
} from '../process/process-options.ts';
import { assertStartMethod, getStartMethod, type StartMethod } from '../process/start-method.ts';
import type { ByMethod, OfProcess } from '../process/start-options.ts';
import { SharedArray } from '../shared/shared-array.ts';
import { SharedValue } from '../shared/shared-value.ts';
import { Condition } from '../sync/condition.ts';
import { Event } from '../sync/event.ts';
import { Lock } from '../sync/lock.ts';
import { RLock } from '../sync/rlock.ts';
import { BoundedSemaphore, Semaphore } from '../sync/semaphore.ts';

/** `Process` of a context, with the options that its start method has. */
type BoundProcess<Method extends StartMethod> = Omit<typeof Process, 'prototype'> & {
  new <A extends AnyArgs = AnyArgs>(
    options?: CommonProcessOptions<A> & WithArgs<A> & ByMethod<DetachableOptions, Method>,
  ): Process<A>;
  readonly prototype: Process;
};

/** `Pool` of a context, with the options that its start method has. */
type BoundPool<Method extends StartMethod> = Omit<typeof Pool, 'prototype'> & {
  new (options?: number | (CommonPoolOptions & ByMethod<OfProcess, Method>)): Pool;
  readonly prototype: Pool;
};

/** The library's names bound to one start method: the result of `getContext`. */
export interface Context<Method extends StartMethod = StartMethod> {
  /** Returns the start method of this context: 'spawn' or 'thread'. */
  getStartMethod(): Method;
  /** `Process` with the start method of this context. */
  readonly Process: BoundProcess<Method>;
  /** `Pool` whose workers have the start method of this context. */
  readonly Pool: BoundPool<Method>;
  /** `Queue`, the same class in each context: a queue of one context works in the other. */
  readonly Queue: typeof Queue;
  /** `SimpleQueue`, the same class in each context. */
  readonly SimpleQueue: typeof SimpleQueue;
  /** `JoinableQueue`, the same class in each context. */
  readonly JoinableQueue: typeof JoinableQueue;
  /** `pipe`, the same function in each context. */
  readonly pipe: typeof pipe;
  /** `Lock`, the same class in each context. */
  readonly Lock: typeof Lock;
  /** `RLock`, the same class in each context. */
  readonly RLock: typeof RLock;
  /** `Condition`, the same class in each context. */
  readonly Condition: typeof Condition;
  /** `Event`, the same class in each context. */
  readonly Event: typeof Event;
  /** `Semaphore`, the same class in each context. */
  readonly Semaphore: typeof Semaphore;
  /** `BoundedSemaphore`, the same class in each context. */
  readonly BoundedSemaphore: typeof BoundedSemaphore;
  /** `Barrier`, the same class in each context. */
  readonly Barrier: typeof Barrier;
  /** `SharedValue`, the same class in each context. */
  readonly SharedValue: typeof SharedValue;
  /** `SharedArray`, the same class in each context. */
  readonly SharedArray: typeof SharedArray;
  /** `cpuCount`, the same function in each context. */
  readonly cpuCount: typeof cpuCount;
  /** `currentProcess`, the same function in each context. */
  readonly currentProcess: typeof currentProcess;
  /** `parentProcess`, the same function in each context. */
  readonly parentProcess: typeof parentProcess;
  /** `activeChildren`, the same function in each context: it returns processes and threads alike. */
  readonly activeChildren: typeof activeChildren;
}

function bind<Method extends StartMethod>(startMethod: Method): Context<Method> {
  const context = { getStartMethod: () => startMethod };
  return {
    // The classes have the names of the classes that they bind, because errors show them.
    Process: class BoundProcess<A extends AnyArgs = AnyArgs> extends Process<A> {
      static {
        Object.defineProperty(BoundProcess, 'name', { value: 'Process' });
      }
      constructor(options: Partial<ProcessOptions<A>> = {}) {
        super(
          (typeof options === 'object' && options !== null ? { context, ...options } : options) as ProcessOptions<A>,
        );
      }
    } as unknown as BoundProcess<Method>,
    Pool: class BoundPool extends Pool {
      static {
        Object.defineProperty(BoundPool, 'name', { value: 'Pool' });
      }
      constructor(options: number | PoolOptions = {}) {
        const given = typeof options === 'number' ? { processes: options } : options;
        super((typeof given === 'object' && given !== null ? { context, ...given } : given) as PoolOptions);
      }
    } as unknown as BoundPool<Method>,
    ...context,
    Queue,
    SimpleQueue,
    JoinableQueue,
    pipe,
    Lock,
    RLock,
    Condition,
    Event,
    Semaphore,
    BoundedSemaphore,
    Barrier,
    SharedValue,
    SharedArray,
    cpuCount,
    currentProcess,
    parentProcess,
    activeChildren,
  };
}

/** @internal Their classes are sent by name. */
export const contexts: { readonly [Method in StartMethod]: Context<Method> } = {
  spawn: bind('spawn'),
  thread: bind('thread'),
};

/**
 * Returns the library bound to a start method, by default the current one: 'spawn' for processes, or 'thread' for worker threads of this
 * process. Both contexts share all objects: a queue of one works in the other.
 *
 * @example
 * ```ts
 * import { getContext } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const { Process, Queue } = getContext('thread');
 * const answers = new Queue();
 * const p = new Process({ target: (queue) => queue.put(process.pid), args: [answers] });
 * p.start();
 * assert.equal(await answers.get(), process.pid);
 * await p.join();
 * ```
 */
export function getContext(): Context;
/** Returns the library bound to this start method: 'spawn' for processes, or 'thread' for worker threads of this process. */
export function getContext<Method extends StartMethod>(method: Method): Context<Method>;
export function getContext(method: StartMethod = getStartMethod()): Context {
  assertStartMethod(method);
  return contexts[method];
}
