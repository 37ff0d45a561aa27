import { Barrier } from '../channel/barrier.ts';
import { JoinableQueue } from '../channel/joinable-queue.ts';
import { Queue } from '../channel/queue.ts';
import { SimpleQueue } from '../channel/simple-queue.ts';
import { PlatformError } from '../errors.ts';
import { Condition } from '../sync/condition.ts';
import { Event } from '../sync/event.ts';
import { Lock } from '../sync/lock.ts';
import { RLock } from '../sync/rlock.ts';
import { BoundedSemaphore, Semaphore } from '../sync/semaphore.ts';
import { cpuCount } from './cpu-count.ts';
import { parentProcess } from './parent-process.ts';
import { activeChildren, currentProcess, Process } from './process.ts';

/** How what is started runs: `spawn`, a fresh process of the operating system. */
export type StartMethod = 'spawn' | 'thread';

const spawn = {
  Process,
  Queue,
  SimpleQueue,
  Lock,
  Barrier,
  JoinableQueue,
  Condition,
  Event,
  BoundedSemaphore,
  Semaphore,
  RLock,
  cpuCount,
  currentProcess,
  parentProcess,
  activeChildren,
  getStartMethod: (): StartMethod => 'spawn',
};

/** The library's names, bound to one start method. */
export type Context = typeof spawn;

/**
 * The library bound to a start method, the current one if none is named.
 *
 * @example
 * ```ts
 * import { getContext } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const { Queue } = getContext('spawn');
 * assert.equal(new Queue().empty(), true);
 * ```
 */
export function getContext(method: StartMethod = getStartMethod()): Context {
  assertKnown(method);
  return spawn;
}

/** Sets the start method of the whole program. */
export function setStartMethod(method: StartMethod): void {
  assertKnown(method);
}

export function getStartMethod(): StartMethod {
  return 'spawn';
}

export function getAllStartMethods(): StartMethod[] {
  return ['spawn'];
}

function assertKnown(method: string): void {
  if (method === 'spawn') return;
  if (method === 'thread')
    throw new PlatformError("The start method 'thread' is not available in this version; use 'spawn'.");
  throw new RangeError(`There is no start method '${method}'; there is 'spawn', a fresh process each time.`);
}
