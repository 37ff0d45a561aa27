/** The public names behind the door `multiproc`. */

export { Barrier, type BarrierOptions } from '../channel/barrier.ts';
export { JoinableQueue } from '../channel/joinable-queue.ts';
export { type Producers, Queue } from '../channel/queue.ts';
export { Shared, share } from '../channel/shared-copy.ts';
export { SimpleQueue } from '../channel/simple-queue.ts';
export { registerClass } from '../codec/class-registry.ts';
export { Connection } from '../connection/connection.ts';
export { pipe } from '../connection/pipe.ts';
export type {
  AnyConnection,
  RecvBytesLimit,
  RecvIntoOffset,
  SendBytesRange,
} from '../contracts/connection.ts';
export {
  AuthenticationError,
  BrokenBarrierError,
  BufferTooShort,
  ClosedError,
  Empty,
  EndOfStreamError,
  Full,
  HeapLimitError,
  LeaseLostError,
  MultiprocError,
  PlatformError,
  PoolBrokenError,
  ProcessError,
  RemoteError,
  SerializationError,
  ShutDown,
  StateError,
  TimeoutError,
  WorkerLostError,
} from '../contracts/errors.ts';
export type { AnyLock } from '../contracts/lock.ts';
export type { NameOption, SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
export type { AnyMapOptions, AnyPool, PoolStats } from '../contracts/pool.ts';
export type { AnyQueue, ShutdownOptions } from '../contracts/queue.ts';
export type { RetryDelay } from '../contracts/retry-delay.ts';
export type { Callbacks, MapOptions, TaskOptions } from '../contracts/task-options.ts';
export { type PlatformInfo, platformInfo } from '../platform/platform-info.ts';
export { AsyncResult } from '../pool/async-result.ts';
export { type CurrentTask, currentTask } from '../pool/current-task.ts';
export { Pool } from '../pool/pool.ts';
export type { PoolOptions } from '../pool/pool-options.ts';
export { ThreadPool } from '../pool/thread-pool.ts';
export { isMainProcess } from '../process/child-entry.ts';
export { cpuCount } from '../process/cpu-count.ts';
export { type ParentProcess, parentProcess } from '../process/parent-process.ts';
export { activeChildren, currentProcess, Process } from '../process/process.ts';
export type { ProcessOptions } from '../process/process-options.ts';
export type { Sentinel } from '../process/sentinel.ts';
export { setSpareProcesses } from '../process/spares.ts';
export {
  getAllStartMethods,
  getStartMethod,
  type StartContext,
  type StartMethod,
  setStartMethod,
} from '../process/start-method.ts';
export type { GuardOptions } from '../shared/guarding-lock.ts';
export type { Scalar, ScalarArrays, ScalarValue } from '../shared/scalar.ts';
export { SharedArray } from '../shared/shared-array.ts';
export { SharedValue } from '../shared/shared-value.ts';
export { Condition } from '../sync/condition.ts';
export { Event } from '../sync/event.ts';
export { Lock } from '../sync/lock.ts';
export { RLock } from '../sync/rlock.ts';
export { BoundedSemaphore, Semaphore } from '../sync/semaphore.ts';
export type { Waitable } from '../sync/waitable.ts';
export { type Context, getContext } from './context.ts';
