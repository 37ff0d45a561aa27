/** The public names behind the door `multiproc`. */
export { Queue } from './channel/queue.ts';
export { SimpleQueue } from './channel/simple-queue.ts';
export { registerClass } from './codec/class-registry.ts';
export {
  ClosedError,
  Empty,
  Full,
  MultiprocError,
  PlatformError,
  ProcessError,
  SerializationError,
  ShutDown,
  StateError,
  TimeoutError,
} from './errors.ts';
export type { SyncWaitOptions, WaitOptions } from './options.ts';
export {
  type Context,
  getAllStartMethods,
  getContext,
  getStartMethod,
  type StartMethod,
  setStartMethod,
} from './process/context.ts';
export { cpuCount } from './process/cpu-count.ts';
export { isMainProcess } from './process/is-main-process.ts';
export { type ParentProcess, parentProcess } from './process/parent-process.ts';
export { activeChildren, currentProcess, Process, type ProcessOptions } from './process/process.ts';
export type { Sentinel, Waitable } from './process/sentinel.ts';
export { setSpareProcesses } from './process/spares.ts';
export { Lock } from './sync/lock.ts';
