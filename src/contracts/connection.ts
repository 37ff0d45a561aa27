import { assertOptions, assertOptionType, type WaitOptions } from '../options.ts';
import type { Awaitable } from './awaitable.ts';

/** Which part of the bytes to send: `size` of them from `offset` on; all that follow if left out. */
export interface SendBytesRange {
  /** Index of the first byte to send; 0 if left out. */
  readonly offset?: number | undefined;
  /** How many bytes to send; all from `offset` on if left out. */
  readonly size?: number | undefined;
}

/** The most bytes that the message may have. */
export interface RecvBytesLimit {
  /** The most bytes that a message may have; a longer one is a `BufferTooShort`. */
  readonly maxLength?: number | undefined;
}

/** Where in the buffer the message begins, in bytes. */
export interface RecvIntoOffset {
  /** Where in the buffer the message begins; 0 if left out. */
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
  /** True if messages may come: false of the writing end of a one-way pipe, and of what is closed. */
  readonly readable: boolean;
  /** True if messages may be sent: false of the reading end of a one-way pipe, and of what is closed. */
  readonly writable: boolean;
  /** True once this end was closed here. */
  readonly closed: boolean;
  /** Sends a value; a `SerializationError` names what cannot be sent, and nothing is sent then. */
  send(value: T, options?: WaitOptions): Promise<void>;
  /** Takes the next message, waiting for one: a value, or of what `sendBytes` sent a `Uint8Array`. */
  recv(options?: WaitOptions): Promise<T>;
  /** Sends bytes as one message; `offset` and `size` choose some of them. */
  sendBytes(bytes: ArrayBufferView | ArrayBuffer, options?: WaitOptions & SendBytesRange): Promise<void>;
  /** Takes the next message, which must be bytes: of a value it is a `StateError`, and the value stays. After a `BufferTooShort` nothing can be received. */
  recvBytes(options?: WaitOptions & RecvBytesLimit): Promise<Uint8Array>;
  /** Takes the next message of bytes into `buffer`; resolves to its length. If it does not fit, a `BufferTooShort` has it as `bytes`. */
  recvBytesInto(buffer: ArrayBufferView | ArrayBuffer, options?: WaitOptions & RecvIntoOffset): Promise<number>;
  /** Resolves to true if `recv` would not wait: there is a message, or the end. Without options it looks once; with options it waits for that. */
  poll(options?: WaitOptions): Promise<boolean>;
  /** Ends the use in this thread: waits reject with a `ClosedError`. May be repeated. */
  close(): Awaitable<void>;
}

/** The bytes of a buffer that `range` chooses, as a view. Throws a `TypeError` for what has no bytes, a `RangeError` for a range beyond them. */
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
    throw new RangeError(`offset must be from 0 to the ${all.length} bytes that there are, not ${offset}.`);
  }
  if (!(Number.isInteger(size) && size >= 0 && offset + size <= all.length)) {
    throw new RangeError(`size must be from 0 to the ${all.length - offset} bytes after the offset, not ${size}.`);
  }
  return all.subarray(offset, offset + size);
}

/** Reads the most bytes that a message may have: any number if left out. */
export function readMaxLength(maxLength = Number.POSITIVE_INFINITY): number {
  if (typeof maxLength !== 'number')
    throw new TypeError(`maxLength must be a number of bytes, not ${typeof maxLength}.`);
  if (!(maxLength >= 0)) throw new RangeError(`maxLength must be 0 or more bytes, not ${maxLength}.`);
  return maxLength;
}
