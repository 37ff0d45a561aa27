/**
 * All error classes of the library. Each message says what happened, where, and what to do; each class has a stable `code`.
 * `instanceof` compares a brand, not identity, so it also works between two copies of the library.
 */

const brand = Symbol.for('multiproc.error');

/** True if the brand of `value` has the class's name. Users' subclasses have no brand, so for them `instanceof` behaves as usual. */
function isBranded(cls: { readonly brandName?: string; prototype: object }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const own = Object.hasOwn(cls, 'brandName') ? cls.brandName : undefined;
  if (own === undefined) return Object.prototype.isPrototypeOf.call(cls.prototype, value);
  const names = (value as { [brand]?: readonly string[] })[brand];
  return names?.includes(own) ?? false;
}

/** The base class of all errors of this library. Programs compare `code`, which is stable; the message is for people and may change. */
export abstract class MultiprocError extends Error {
  /** A string that is stable and unique to the class. */
  abstract readonly code: string;

  /** @internal */
  static readonly brandName: string = 'MultiprocError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    const names: string[] = [];
    let cls = new.target as unknown as { brandName?: string } | null;
    while (cls !== null && cls !== (Error as unknown)) {
      if (Object.hasOwn(cls, 'brandName')) names.push(cls.brandName as string);
      cls = Object.getPrototypeOf(cls);
    }
    Object.defineProperty(this, brand, { value: names });
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right of `instanceof`.
    return isBranded(this, value);
  }
}

/** A `get` found no item before its time-out. */
export class Empty extends MultiprocError {
  readonly code = 'ERR_QUEUE_EMPTY';
  constructor(message = 'The queue is empty: nothing came in the time given.') {
    super(message);
  }
}

/** A `put` found no free place before its time-out. */
export class Full extends MultiprocError {
  readonly code = 'ERR_QUEUE_FULL';
  /** The number of items that a failed `putMany` has put in. */
  declare readonly done?: number;
  constructor(message = 'The queue is full: no place became free in the time given.') {
    super(message);
  }
}

/** The queue was shut down: `put` is refused, and so is `get` once the queue is empty. */
export class ShutDown extends MultiprocError {
  readonly code = 'ERR_QUEUE_SHUT_DOWN';
  /** The number of items that a failed `putMany` has put in. */
  declare readonly done?: number;
  constructor(message = 'The queue was shut down.') {
    super(message);
  }
}

/** A wait has reached its time-out. */
export class TimeoutError extends MultiprocError {
  readonly code = 'ERR_TIMEOUT';
}

/** The object was closed or terminated before this call, or during it. */
export class ClosedError extends MultiprocError {
  readonly code = 'ERR_CLOSED';
}

/** The call is not possible in the current state: a second start, a join before the start, a release of a free lock. */
export class StateError extends MultiprocError {
  readonly code = 'ERR_STATE';
}

/** The barrier is broken: a party reached its time-out, gave up, called `abort()` or was killed. `reset()` repairs the barrier. */
export class BrokenBarrierError extends MultiprocError {
  readonly code = 'ERR_BROKEN_BARRIER';
  constructor(message = 'The barrier is broken: a party failed to come, aborted it, or died.') {
    super(message);
  }
}

/** The platform, or this version of Node, lacks something that the call needs. */
export class PlatformError extends MultiprocError {
  readonly code = 'ERR_PLATFORM';
}

/**
 * The shared memory of the family has reached its limit: nothing was put, sent or made. Take items out, give queues a bound, or raise the
 * limit (`MULTIPROC_HEAP_LIMIT`).
 */
export class HeapLimitError extends MultiprocError {
  readonly code = 'ERR_HEAP_LIMIT';
}

/** A value, or a part of it, cannot be sent to another process. `path` names the part. */
export class SerializationError extends MultiprocError {
  readonly code = 'ERR_SERIALIZATION';
  /** The path of the part that cannot be sent, for example `args[0].socket`. Empty if the value itself cannot be sent. */
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** The base class of errors of processes, and the class of failed starts. */
export class ProcessError extends MultiprocError {
  readonly code: string = 'ERR_PROCESS';
}

/** The worker that ran a task ended before the task did. The task may have done any part of its work. */
export class WorkerLostError extends ProcessError {
  override readonly code = 'ERR_WORKER_LOST';
  /** The process id of the worker; `undefined` if a whole host of a cluster was lost. */
  readonly pid: number | undefined;
  /** The exit code of the worker: N after `process.exit(N)`, -N for signal N. `undefined` if a whole host of a cluster was lost. */
  readonly exitCode: number | undefined;
  /** The name of the signal that ended the worker, or `undefined`. */
  readonly signal: string | undefined;
  /** The id of the cluster's host that ran the task, or `undefined` for a worker of this program. */
  declare readonly host?: string;
  /** `options.cause` is the uncaught error that ended the worker, if there was one. */
  constructor(
    message: string,
    pid: number | undefined,
    exitCode: number | undefined,
    signal: string | undefined,
    options?: ErrorOptions & { readonly host?: string },
  ) {
    super(message, options);
    this.pid = pid;
    this.exitCode = exitCode;
    this.signal = signal;
    if (options?.host !== undefined) this.host = options.host;
  }
}

/** The pool cannot run tasks any more: its workers die again and again, or its initializer throws again and again. */
export class PoolBrokenError extends ProcessError {
  override readonly code = 'ERR_POOL_BROKEN';
}

/** A message is longer than the buffer of `recvBytesInto`, or longer than `maxLength`. */
export class BufferTooShort extends ProcessError {
  override readonly code = 'ERR_BUFFER_TOO_SHORT';
  /** The whole message, after `recvBytesInto`: the message is not in the connection any more. */
  declare readonly bytes?: Uint8Array;
  constructor(message: string, bytes?: Uint8Array, options?: ErrorOptions) {
    super(message, options);
    if (bytes !== undefined) this.bytes = bytes;
  }
}

/** The two ends of a connection do not have the same key, or one end has no key. No message was read. */
export class AuthenticationError extends ProcessError {
  override readonly code = 'ERR_AUTHENTICATION';
}

/** The other end of a connection is closed or dead, and everything that it sent has been received. */
export class EndOfStreamError extends MultiprocError {
  readonly code = 'ERR_END_OF_STREAM';
}

/**
 * The server of a manager cannot perform a call: the object has no such method, or does not exist any more. An error whose class cannot be
 * made in this process also arrives as a `RemoteError`, with the name, message and stack of the error, and the reason as `cause`.
 */
export class RemoteError extends MultiprocError {
  readonly code = 'ERR_REMOTE';
}

/** What a `ClusterError` says: the server cannot be reached, is full, drops keys in use, has lost what it had, or is too old; or something has more bytes than `maxPayload`. */
export type ClusterErrorCode =
  | 'ERR_UNREACHABLE'
  | 'ERR_FULL'
  | 'ERR_EVICTS'
  | 'ERR_DATA_LOST'
  | 'ERR_PROTOCOL'
  | 'ERR_TOO_LARGE';

/** The Redis server of a cluster cannot do what it should, or is not to be sent so much; `code` says why. */
export class ClusterError extends MultiprocError {
  readonly code: ClusterErrorCode;
  constructor(message: string, code: ClusterErrorCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A lock of a cluster was lost: its lease ended while the server was out of reach, or another program released or deleted it. Another may own it. */
export class LeaseLostError extends MultiprocError {
  readonly code = 'ERR_LEASE_LOST';
}

/** No host of a cluster can run the tasks of a pool: all of them refuse it. `hosts` says why. */
export class PlacementError extends MultiprocError {
  readonly code = 'ERR_PLACEMENT';
  /** All hosts of the cluster, and why each refuses the pool. */
  readonly hosts: readonly { readonly host: string; readonly why: string }[];
  constructor(
    message: string,
    hosts: readonly { readonly host: string; readonly why: string }[],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.hosts = hosts;
  }
}

/** The names by which every copy of the library knows the classes: a bundler may shorten those of the classes themselves. */
const brands = {
  Empty,
  Full,
  ShutDown,
  TimeoutError,
  ClosedError,
  StateError,
  BrokenBarrierError,
  PlatformError,
  HeapLimitError,
  SerializationError,
  ProcessError,
  WorkerLostError,
  PoolBrokenError,
  BufferTooShort,
  AuthenticationError,
  EndOfStreamError,
  RemoteError,
  ClusterError,
  LeaseLostError,
  PlacementError,
};
for (const [value, cls] of Object.entries(brands)) Object.defineProperty(cls, 'brandName', { value });
