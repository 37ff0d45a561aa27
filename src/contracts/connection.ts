import type { Awaitable } from './awaitable.ts';
import { assertOptions, assertOptionType, type WaitOptions } from './options.ts';

/** The options of `sendBytes`: the part of the bytes to send. */
export interface SendBytesRange {
  /** Index of the first byte to send; 0 by default. */
  readonly offset?: number | undefined;
  /** The number of bytes to send; by default all bytes from `offset` on. */
  readonly size?: number | undefined;
}

/** The option of `recvBytes`. */
export interface RecvBytesLimit {
  /** The largest number of bytes that the message may have. A longer message is refused with a `BufferTooShort`. */
  readonly maxLength?: number | undefined;
}

/** The option of `recvBytesInto`. */
export interface RecvIntoOffset {
  /** Where in the buffer the message is written, in bytes; 0 by default. */
  readonly offset?: number | undefined;
}

/**
 * The methods of all connections, whether the messages go through the shared memory of a family or through a socket. A function with a
 * parameter of this type accepts any of them. Messages keep their boundaries and arrive in the order in which they were sent.
 *
 * A call rejects with `TimeoutError` after its time-out, or with the signal's reason. When the other end is gone, the messages that it sent are
 * still received; then `recv` and `send` reject with `EndOfStreamError`. After `close()` every call but `close()` rejects with `ClosedError`.
 *
 * @example
 * import { type AnyConnection, pipe } from 'multiproc';
 * import assert from 'node:assert';
 *
 * async function ask(connection: AnyConnection, question: string): Promise<string> {
 *   await connection.send(question);
 *   return await connection.recv({ timeout: 5000 });
 * }
 * const [a, b] = pipe();
 * await b.send('fine');
 * assert.equal(await ask(a, 'How are you?'), 'fine');
 */
// biome-ignore lint/suspicious/noExplicitAny: like a parsed text, a received value is what the other end made it.
export interface AnyConnection<T = any> extends AsyncIterable<T> {
  /** True if messages can arrive. False for the writing end of a one-way pipe, and after `close()`. */
  readonly readable: boolean;
  /** True if messages can be sent. False for the reading end of a one-way pipe, and after `close()`. */
  readonly writable: boolean;
  /** True after this end was closed in this thread. */
  readonly closed: boolean;
  /** Sends a value. Rejects with a `SerializationError` if a part of the value cannot be sent; nothing is sent then. */
  send(value: T, options?: WaitOptions): Promise<void>;
  /** Waits for the next message and takes it: a value, or a `Uint8Array` if it was sent by `sendBytes`. */
  recv(options?: WaitOptions): Promise<T>;
  /** Sends bytes as one message; `offset` and `size` choose some of them. */
  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: WaitOptions & SendBytesRange): Promise<void>;
  /**
   * Waits for the next message, which must be bytes, and takes it. If the message is a value, rejects with a `StateError`, and the value
   * stays. After a `BufferTooShort` nothing can be received any more.
   */
  recvBytes(options?: WaitOptions & RecvBytesLimit): Promise<Uint8Array>;
  /**
   * Waits for the next message of bytes and writes it into `buffer`. Resolves to its length. If the message does not fit, rejects with a
   * `BufferTooShort` whose `bytes` has the message.
   */
  recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: WaitOptions & RecvIntoOffset): Promise<number>;
  /** Resolves to true if `recv` would not wait, because there is a message or the end. Without options it checks once; with options it waits. */
  poll(options?: WaitOptions): Promise<boolean>;
  /** Ends the use in this thread: waits reject with a `ClosedError`. May be repeated. */
  close(): Awaitable<void>;
}

/** Returns the bytes that `range` chooses, as a view. Throws a `TypeError` for a value without bytes, a `RangeError` for a range beyond them. */
export function bytesIn(of: ArrayBufferView | ArrayBuffer, range: SendBytesRange | undefined): Uint8Array {
  let all: Uint8Array;
  if (ArrayBuffer.isView(of)) all = new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
  else if (of instanceof ArrayBuffer) all = new Uint8Array(of);
  else throw new TypeError(`Bytes are an ArrayBuffer or a view of one, such as a Uint8Array, not ${typeof of}.`);
  if (range !== undefined) assertOptions(range, '{ offset: 4 }');
  assertOptionType('offset', range?.offset, 'number');
  assertOptionType('size', range?.size, 'number');
  const offset = range?.offset ?? 0;
  const size = range?.size ?? all.length - offset;
  if (!(Number.isInteger(offset) && offset >= 0 && offset <= all.length)) {
    throw new RangeError(`offset must be from 0 to ${all.length}, the number of bytes, not ${offset}.`);
  }
  if (!(Number.isInteger(size) && size >= 0 && offset + size <= all.length)) {
    throw new RangeError(`size must be from 0 to the ${all.length - offset} bytes after the offset, not ${size}.`);
  }
  return all.subarray(offset, offset + size);
}

/** Reads `maxLength`: without it, a message may have any number of bytes. */
export function readMaxLength(maxLength = Number.POSITIVE_INFINITY): number {
  if (typeof maxLength !== 'number')
    throw new TypeError(`maxLength must be a number of bytes, not ${typeof maxLength}.`);
  if (!(maxLength >= 0)) throw new RangeError(`maxLength must be 0 or more bytes, not ${maxLength}.`);
  return maxLength;
}
