/**
 * Every error of the library: what happened, where, and what to do, with a stable `code`.
 * `instanceof` goes by a brand, not by identity, so it also holds between two copies of the library.
 */

const brand = Symbol.for('multiproc.error');

/** Makes `instanceof` true for what carries the class's name in its brand, and keeps ordinary behaviour for users' subclasses. */
function isBranded(cls: { readonly brandName?: string; prototype: object }, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const own = Object.hasOwn(cls, 'brandName') ? cls.brandName : undefined;
  if (own === undefined) return Object.prototype.isPrototypeOf.call(cls.prototype, value);
  const names = (value as { [brand]?: readonly string[] })[brand];
  return names?.includes(own) ?? false;
}

/** The base of all errors of this library; `code` is stable, the message is for people. */
export abstract class MultiprocError extends Error {
  /** Stable and unique to the class: switch on it. */
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
    // biome-ignore lint/complexity/noThisInStatic: `this` is the subclass that is asked about.
    return isBranded(this, value);
  }
}

/** A `get` found nothing in the time it was given. */
export class Empty extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'Empty';
  readonly code = 'ERR_QUEUE_EMPTY';
  constructor(message = 'The queue is empty: nothing came in the time given.') {
    super(message);
  }
}

/** A `put` found no free place in the time it was given. */
export class Full extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'Full';
  readonly code = 'ERR_QUEUE_FULL';
  /** Of a `putMany`: how many items are in. */
  declare readonly done?: number;
  constructor(message = 'The queue is full: no place became free in the time given.') {
    super(message);
  }
}

/** The queue was shut down: nothing goes in any more and, once drained, nothing comes out. */
export class ShutDown extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'ShutDown';
  readonly code = 'ERR_QUEUE_SHUT_DOWN';
  /** Of a `putMany`: how many items are in. */
  declare readonly done?: number;
  constructor(message = 'The queue was shut down.') {
    super(message);
  }
}

/** What was waited for did not happen in the time given. */
export class TimeoutError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'TimeoutError';
  readonly code = 'ERR_TIMEOUT';
}

/** You closed it, and now you use it. */
export class ClosedError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'ClosedError';
  readonly code = 'ERR_CLOSED';
}

/** The call is right, but not now: started twice, joined before the start, released while free. */
export class StateError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'StateError';
  readonly code = 'ERR_STATE';
}

/** A barrier cannot be passed: a party did not come in time, gave up, aborted it or was killed, until somebody resets it. */
export class BrokenBarrierError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'BrokenBarrierError';
  readonly code = 'ERR_BROKEN_BARRIER';
  constructor(message = 'The barrier is broken: a party failed to come, aborted it, or died.') {
    super(message);
  }
}

/** The platform, or this Node, lacks something that the library stands on. */
export class PlatformError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'PlatformError';
  readonly code = 'ERR_PLATFORM';
}

/** The family's shared memory holds as much as it may: nothing was put, sent or made. Take something out, give queues a bound, or allow more. */
export class HeapLimitError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'HeapLimitError';
  readonly code = 'ERR_HEAP_LIMIT';
}

/** A value cannot cross to another process; `path` leads to the culprit. */
export class SerializationError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'SerializationError';
  readonly code = 'ERR_SERIALIZATION';
  /** Where in the value it sits, for example `args[0].socket`; empty where the value itself is meant. */
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** The base of what is about processes. */
export class ProcessError extends MultiprocError {
  /** @internal */
  static override readonly brandName: string = 'ProcessError';
  readonly code: string = 'ERR_PROCESS';
}

/** The worker that ran a task ended in the middle of it; the task may have done any part of its work. */
export class WorkerLostError extends ProcessError {
  /** @internal */
  static override readonly brandName = 'WorkerLostError';
  override readonly code = 'ERR_WORKER_LOST';
  /** The process id of the worker. */
  readonly pid: number;
  /** As of a `Process`: N from `process.exit(N)`, -N for signal N. */
  readonly exitCode: number;
  /** The name of the signal that ended it, if one did. */
  readonly signal: string | undefined;
  /** `options.cause` is the error that nobody caught in the worker, where that ended it. */
  constructor(message: string, pid: number, exitCode: number, signal: string | undefined, options?: ErrorOptions) {
    super(message, options);
    this.pid = pid;
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** The pool cannot run tasks any more: its workers die, or its initializer throws, again and again. */
export class PoolBrokenError extends ProcessError {
  /** @internal */
  static override readonly brandName = 'PoolBrokenError';
  override readonly code = 'ERR_POOL_BROKEN';
}

/** A message is longer than the buffer that it was to be received into, or than the most that was asked for. */
export class BufferTooShort extends ProcessError {
  /** @internal */
  static override readonly brandName = 'BufferTooShort';
  override readonly code = 'ERR_BUFFER_TOO_SHORT';
  /** Of `recvBytesInto`: the whole message, which is not in the connection any more. */
  declare readonly bytes?: Uint8Array;
  constructor(message: string, bytes?: Uint8Array, options?: ErrorOptions) {
    super(message, options);
    if (bytes !== undefined) this.bytes = bytes;
  }
}

/** The two ends of a connection do not have the same key, or one has none: no message was looked at. */
export class AuthenticationError extends ProcessError {
  /** @internal */
  static override readonly brandName = 'AuthenticationError';
  override readonly code = 'ERR_AUTHENTICATION';
}

/** The other end of a connection is gone, closed or dead, and all that it sent has been received. */
export class EndOfStreamError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'EndOfStreamError';
  readonly code = 'ERR_END_OF_STREAM';
}

/**
 * What was asked of an object that a manager serves cannot be done there: it has no such method, or is not there any more. Also what
 * arrives of an error whose class cannot make it here: its name, message and stack, with the reason as `cause`.
 */
export class RemoteError extends MultiprocError {
  /** @internal */
  static override readonly brandName = 'RemoteError';
  readonly code = 'ERR_REMOTE';
}
