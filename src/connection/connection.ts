import {
  type AnyConnection,
  bytesIn,
  type RecvBytesLimit,
  type RecvIntoOffset,
  readMaxLength,
  type SendBytesRange,
} from '../contracts/connection.ts';
import { BufferTooShort, ClosedError, EndOfStreamError, StateError } from '../errors.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import type { Waitable } from '../sync/waitable.ts';

/** @internal What stands for the size of a message that is a value, not bytes. */
export const VALUE = -1;

/** @internal Why a message is not taken; a fatal reason ends reading for good. */
export interface Refusal {
  readonly error: Error;
  readonly fatal: boolean;
}

/** @internal Asked before a message is taken, with its bytes or VALUE: a refused message stays where it is. Without it, any is taken. */
export type Wanted = (size: number) => Refusal | undefined;

const AT_ONCE = { timeout: 0 };

/**
 * One end of a connection: `pipe`, `connect` and `Listener.accept` make them. Messages keep their boundaries and arrive in the
 * order in which they were sent. A value is copied (see docs/what-crosses.md).
 *
 * When the other end is gone, closed or dead, what it had sent is still received, and then `recv` answers `EndOfStreamError`; so does
 * `send`, at once. Time that runs out is a `TimeoutError`. Each call that may wait has a twin with `Sync`, which blocks the thread.
 */
// biome-ignore lint/suspicious/noExplicitAny: like a parsed text, a received value is what the other end made it.
export abstract class Connection<T = any> implements AnyConnection<T>, Waitable, Disposable {
  /** True if messages may come: false of the writing end of a one-way pipe, and of what is closed. */
  abstract readonly readable: boolean;
  /** True if messages may be sent: false of the reading end of a one-way pipe, and of what is closed. */
  abstract readonly writable: boolean;
  /** True once this end was closed here. */
  abstract readonly closed: boolean;

  /**
   * Sends a value; resolves when the system has it. A `SerializationError` names what cannot be sent; nothing is sent then. Large binaries are not
   * copied on the way to a socket: do not change them before it has resolved. A time-out or abort leaves nothing sent; only
   * where part of the message is gone to a socket already, it closes the connection.
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

  /** Sends a value and blocks the thread while the other end has no room for it. Throws a `TimeoutError` when the time is over. */
  sendSync(value: T, options?: SyncWaitOptions): void {
    this.#assertWritable();
    readTimeout(options);
    this.pushValueSync(value, options);
  }

  /** Takes the next message, waiting for one if need be: a value, or of what `sendBytes` sent a `Uint8Array`. */
  recv(options?: WaitOptions): Promise<T> {
    try {
      this.#assertReadable();
      return this.take(undefined, options) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until a value comes; returns it. Throws a `TimeoutError` when the time is over, an `EndOfStreamError` when none will come. */
  recvSync(options?: SyncWaitOptions): T {
    this.#assertReadable();
    return this.takeSync(undefined, options) as T;
  }

  /** Sends bytes as they are, none at all too; `offset` and `size` choose some of them, in bytes. */
  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: WaitOptions & SendBytesRange): Promise<void> {
    try {
      this.#assertWritable();
      readTimeout(options);
      return this.pushBytes(bytesIn(bytes, options), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends bytes as one message and blocks the thread while the other end has no room for it. Throws a `TimeoutError` when the time is over. */
  sendBytesSync(bytes: ArrayBufferView | ArrayBuffer, options?: SyncWaitOptions & SendBytesRange): void {
    this.#assertWritable();
    readTimeout(options);
    this.pushBytesSync(bytesIn(bytes, options), options);
  }

  /**
   * Takes the next message, which must be bytes: of a value it is a `StateError`, and the value stays. A message of more than
   * `maxLength` bytes is a `BufferTooShort`, and nothing can be received any more, as in Python.
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
   * Takes the next message of bytes into `buffer`, from the byte `offset` on; answers how many it had. If there is not enough room, a
   * `BufferTooShort` has the message as `bytes`.
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
   * True if `recv` would not wait: there is a message, or the end. Without options it looks once, as in Python; with options it
   * waits for it, `timeout` milliseconds at most, for ever if that is left out.
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

  /** Blocks the thread until there is something to receive; returns true, or false when the time is over. Without a time-out it looks and does not wait. */
  pollSync(options: SyncWaitOptions = AT_ONCE): boolean {
    this.#assertReadable();
    readTimeout(options);
    return this.awaitMessageSync(options);
  }

  /** Gives messages until the other end is gone and all it sent has been received. Leaving the loop costs no message. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let value: T;
      try {
        value = await this.recv();
      } catch (error) {
        if (error instanceof EndOfStreamError) return;
        throw error;
      }
      yield value;
    }
  }

  /** Done with this end, in this process: waits here end with a `ClosedError`, as does every later use but another close. */
  abstract close(): void;

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For `wait`: true if there is a message, or the end. */
  abstract isReady(): boolean;

  /** For `wait`: calls back, once, when there is a message, or the end; the answer stops that. */
  abstract onReady(callback: () => void): () => void;

  /** @internal As `send`, but what cannot be sent it throws at once. */
  post(value: T): Promise<void> {
    this.#assertWritable();
    return this.pushValue(value, undefined);
  }

  /** @internal True if it is known that nobody is at the other end any more, whatever there is still to receive. */
  abstract readonly isOneSided: boolean;

  /** @internal Whether a `recv` that waits keeps the program alive; it does unless this said otherwise. */
  abstract hold(keep: boolean): void;

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const ways = this.readable ? (this.writable ? 'both ways' : 'reading end') : 'writing end';
    return `Connection (${this.closed ? 'closed' : ways})`;
  }

  /** @internal Encodes a value, throwing at once what cannot be sent, and sends it. */
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
