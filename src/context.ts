/** `getContext`: the library bound to one start method. It knows pools and processes alike, so it stands with the doors. */
import { Barrier } from './channel/barrier.ts';
import { JoinableQueue } from './channel/joinable-queue.ts';
import { Queue } from './channel/queue.ts';
import { SimpleQueue } from './channel/simple-queue.ts';
import { pipe } from './connection/pipe.ts';
import { Pool } from './pool/pool.ts';
import type { PoolOptions } from './pool/pool-options.ts';
import { cpuCount } from './process/cpu-count.ts';
import { parentProcess } from './process/parent-process.ts';
import { activeChildren, currentProcess, Process, type ProcessOptions } from './process/process.ts';
import { assertStartMethod, getStartMethod, type StartMethod } from './process/start-method.ts';
import { SharedArray } from './shared/shared-array.ts';
import { SharedValue } from './shared/shared-value.ts';
import { Condition } from './sync/condition.ts';
import { Event } from './sync/event.ts';
import { Lock } from './sync/lock.ts';
import { RLock } from './sync/rlock.ts';
import { BoundedSemaphore, Semaphore } from './sync/semaphore.ts';

// biome-ignore lint/suspicious/noExplicitAny: as in `Process`.
type AnyArgs = readonly any[];

function bind(startMethod: StartMethod) {
  const context = { getStartMethod: () => startMethod };
  return {
    // Named as the classes that they bind, since names and errors say them.
    Process: class BoundProcess<A extends AnyArgs = AnyArgs> extends Process<A> {
      static {
        Object.defineProperty(BoundProcess, 'name', { value: 'Process' });
      }
      constructor(options: ProcessOptions<A> = {}) {
        super(typeof options === 'object' && options !== null ? { context, ...options } : options);
      }
    } as typeof Process,
    Pool: class BoundPool extends Pool {
      static {
        Object.defineProperty(BoundPool, 'name', { value: 'Pool' });
      }
      constructor(options: number | PoolOptions = {}) {
        const given = typeof options === 'number' ? { processes: options } : options;
        super(typeof given === 'object' && given !== null ? { context, ...given } : given);
      }
    } as typeof Pool,
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

/** The library's names, bound to one start method. */
export type Context = ReturnType<typeof bind>;

/** @internal Their classes travel by name. */
export const contexts: Readonly<Record<StartMethod, Context>> = { spawn: bind('spawn'), thread: bind('thread') };

/**
 * The library bound to a start method, the current one if none is named: 'spawn', processes, or 'thread', worker threads of this
 * process. What they share is the same: a queue made by the one works in the other.
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
export function getContext(method: StartMethod = getStartMethod()): Context {
  assertStartMethod(method);
  return contexts[method];
}
