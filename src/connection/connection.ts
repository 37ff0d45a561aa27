import {
  type AnyConnection,
  bytesIn,
  type RecvBytesLimit,
  type RecvIntoOffset,
  readMaxLength,
  type SendBytesRange,
} from '../contracts/connection.ts';
import { BufferTooShort, ClosedError, EndOfStreamError, StateError } from '../contracts/errors.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { untilEnd } from '../contracts/until-end.ts';
import type { Waitable } from '../sync/waitable.ts';

/** @internal The size of a message that is a value, not bytes. */
export const VALUE = -1;

/** @internal The reason for which a message is not taken; a fatal reason ends reading for good. */
export interface Refusal {
  readonly error: Error;
  readonly fatal: boolean;
}

/**
 * @internal Called before a message is taken, with its number of bytes or VALUE: a refused message stays. Without this function, every
 * message is taken.
 */
export type Wanted = (size: number) => Refusal | undefined;

const AT_ONCE = { timeout: 0 };

/**
 * One end of a connection, made by `pipe`, `connect` and `Listener.accept`. Messages keep their boundaries and arrive in the order in
 * which they were sent. Values are copied (see docs/what-crosses.md).
 *
 * When the other end is closed or dead, the messages that it sent are still received. After that `recv` rejects with `EndOfStreamError`;
 * `send` does so at once. A call rejects with `TimeoutError` after its time-out. Each call that may wait has a form with `Sync`, which
 * blocks the thread.
 */
// biome-ignore lint/suspicious/noExplicitAny: like a parsed text, a received value is what the other end made it.
export abstract class Connection<T = any> implements AnyConnection<T>, Waitable, Disposable {
  /** True if messages can arrive. False for the writing end of a one-way pipe, and after `close()`. */
  abstract readonly readable: boolean;
  /** True if messages can be sent. False for the reading end of a one-way pipe, and after `close()`. */
  abstract readonly writable: boolean;
  /** True after this end was closed in this thread. */
  abstract readonly closed: boolean;

  /**
   * Sends a value; resolves when the system has the message. Rejects with a `SerializationError` if a part of the value cannot be sent;
   * nothing is sent then. Large binaries are not copied on the way to a socket: do not change them before the promise resolves. After a
   * time-out or an abort nothing has been sent, except if a part of the message is already in a socket: then the connection is closed.
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      this.#assertWritable();
      readTimeout(options);
      return this.pushValue(value, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends a value and blocks the thread while the other end has no room for it. Throws a `TimeoutError` after the time-out. */
  sendSync(value: T, options?: SyncWaitOptions): void {
    this.#assertWritable();
    readTimeout(options);
    this.pushValueSync(value, options);
  }

  /** Waits for the next message and takes it: a value, or a `Uint8Array` if it was sent by `sendBytes`. */
  recv(options?: WaitOptions): Promise<T> {
    try {
      this.#assertReadable();
      return this.take(undefined, options) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Blocks the thread until a message comes, and returns it. Throws a `TimeoutError` after the time-out, an `EndOfStreamError` when no
   * message will come any more.
   */
  recvSync(options?: SyncWaitOptions): T {
    this.#assertReadable();
    return this.takeSync(undefined, options) as T;
  }

  /** Sends bytes as one message, which may be empty. `offset` and `size` choose a part, in bytes. */
  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: WaitOptions & SendBytesRange): Promise<void> {
    try {
      this.#assertWritable();
      readTimeout(options);
      return this.pushBytes(bytesIn(bytes, options), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends bytes as one message and blocks the thread while the other end has no room for it. Throws a `TimeoutError` after the time-out. */
  sendBytesSync(bytes: ArrayBufferView | ArrayBuffer, options?: SyncWaitOptions & SendBytesRange): void {
    this.#assertWritable();
    readTimeout(options);
    this.pushBytesSync(bytesIn(bytes, options), options);
  }

  /**
   * Waits for the next message, which must be bytes, and takes it. If the message is a value, rejects with a `StateError`, and the value
   * stays. If the message has more than `maxLength` bytes, rejects with a `BufferTooShort`, and nothing can be received any more, as in
   * Python.
   */
  recvBytes(options?: WaitOptions & RecvBytesLimit): Promise<Uint8Array> {
    try {
      this.#assertReadable();
      return this.take(bytesUpTo(options?.maxLength), options) as Promise<Uint8Array>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until a message of bytes comes; returns it. Throws a `BufferTooShort` for one of more than `maxLength` bytes. */
  recvBytesSync(options?: SyncWaitOptions & RecvBytesLimit): Uint8Array {
    this.#assertReadable();
    return this.takeSync(bytesUpTo(options?.maxLength), options) as Uint8Array;
  }

  /**
   * Waits for the next message of bytes and writes it into `buffer`, from byte `offset` on. Resolves to its length. If there is not
   * enough room, rejects with a `BufferTooShort` whose `bytes` has the message.
   */
  async recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: WaitOptions & RecvIntoOffset): Promise<number> {
    const target = bytesIn(buffer, options);
    return copyInto(target, await this.recvBytes(options));
  }

  /** Blocks the thread until a message of bytes comes, and writes it into `buffer` from `offset` on; returns its length. Throws a `BufferTooShort` if it does not fit. */
  recvBytesIntoSync(buffer: ArrayBufferView | ArrayBuffer, options?: SyncWaitOptions & RecvIntoOffset): number {
    const target = bytesIn(buffer, options);
    return copyInto(target, this.recvBytesSync(options));
  }

  /**
   * Resolves to true if `recv` would not wait, because there is a message or the end. Without options it checks once, as in Python. With
   * options it waits, at most `timeout` milliseconds, or for ever without `timeout`.
   */
  poll(options: WaitOptions = AT_ONCE): Promise<boolean> {
    try {
      this.#assertReadable();
      readTimeout(options);
      return this.awaitMessage(options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until there is a message or the end. Returns true, or false after the time-out. Without options it checks once. */
  pollSync(options: SyncWaitOptions = AT_ONCE): boolean {
    this.#assertReadable();
    readTimeout(options);
    return this.awaitMessageSync(options);
  }

  /** Iterates over the messages until the other end is gone and all its messages have been received. Leaving the loop loses no message. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return untilEnd(
      () => this.recv(),
      (error) => error instanceof EndOfStreamError,
    );
  }

  /** Ends the use of this end in this process: its waits reject with a `ClosedError`, and so does every later call but `close()`. */
  abstract close(): void;

  /** Closes the connection at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For `wait`: true if there is a message or the end. */
  abstract isReady(): boolean;

  /** For `wait`: calls `callback` once, when there is a message or the end. Returns a function that cancels this. */
  abstract onReady(callback: () => void): () => void;

  /** @internal Sends a value as `send` does, but throws at once if it cannot be sent. */
  post(value: T): Promise<void> {
    this.#assertWritable();
    return this.pushValue(value, undefined);
  }

  /** @internal True if it is known that no process holds the other end any more, even if there are messages left. */
  abstract readonly isOneSided: boolean;

  /** @internal Decides whether a waiting `recv` keeps the program alive; it does by default. */
  abstract keepAlive(keep: boolean): void;

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const ways = this.readable ? (this.writable ? 'both ways' : 'reading end') : 'writing end';
    return `Connection (${this.closed ? 'closed' : ways})`;
  }

  /** @internal Encodes a value, throws at once if it cannot be sent, and sends it. */
  protected abstract pushValue(value: T, options: WaitOptions | undefined): Promise<void>;
  /** @internal */
  protected abstract pushValueSync(value: T, options: SyncWaitOptions | undefined): void;
  /** @internal */
  protected abstract pushBytes(bytes: Uint8Array, options: WaitOptions | undefined): Promise<void>;
  /** @internal */
  protected abstract pushBytesSync(bytes: Uint8Array, options: SyncWaitOptions | undefined): void;
  /** @internal */
  protected abstract take(wanted: Wanted | undefined, options: WaitOptions | undefined): Promise<unknown>;
  /** @internal */
  protected abstract takeSync(wanted: Wanted | undefined, options: SyncWaitOptions | undefined): unknown;
  /** @internal */
  protected abstract awaitMessage(options: WaitOptions): Promise<boolean>;
  /** @internal */
  protected abstract awaitMessageSync(options: SyncWaitOptions): boolean;

  /** @internal */
  protected assertOpen(): void {
    if (this.closed) throw new ClosedError('This Connection is closed: close() or leaving its block ended it here.');
  }

  #assertReadable(): void {
    this.assertOpen();
    if (!this.readable) throw new StateError('Nothing can be received at this end of the Connection: it only sends.');
  }

  #assertWritable(): void {
    this.assertOpen();
    if (!this.writable) throw new StateError('Nothing can be sent at this end of the Connection: it only receives.');
  }
}

function copyInto(target: Uint8Array, message: Uint8Array): number {
  if (message.length > target.length) {
    throw new BufferTooShort(
      `The message has ${message.length} bytes and the buffer room for ${target.length}; the message is in the error's bytes.`,
      message,
    );
  }
  target.set(message);
  return message.length;
}

const NOT_BYTES = 'The next message is a value that send() sent, not bytes: take it with recv().';

function bytesUpTo(limit: number | undefined): Wanted {
  const maxLength = readMaxLength(limit);
  return (size) => {
    if (size === VALUE) return { error: new StateError(NOT_BYTES), fatal: false };
    if (size <= maxLength) return undefined;
    const text = `The next message has ${size} bytes, and ${maxLength} are the most: nothing more can be received here.`;
    return { error: new BufferTooShort(text), fatal: true };
  };
}
