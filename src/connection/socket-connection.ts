import type { Socket } from 'node:net';
import { type Reach, reach } from '../codec/extension.ts';
import { decoders, encoders } from '../codec/spares.ts';
import { ClosedError, EndOfStreamError, SerializationError, StateError, TimeoutError } from '../contracts/errors.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { Waiters } from '../waits/waiters.ts';
import { whenReady } from '../waits/when-ready.ts';
import { Connection, type Refusal, VALUE, type Wanted } from './connection.ts';
import { frame, kind, MAX_MESSAGE_BYTES } from './frame.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { SocketOutbox } from './socket-outbox.ts';
import { SocketStream } from './socket-stream.ts';

/** Bytes of messages that were not asked for yet; above this number the other end must wait. */
const READ_AHEAD_BYTES = 2 ** 18;

/** A connection over a TCP, TLS or unix socket. */
export class SocketConnection<T> extends Connection<T> {
  readonly #stream: SocketStream;
  readonly #far: Reach;
  readonly #reader: FrameReader;
  readonly #outbox: SocketOutbox;
  readonly #inbox: Frame[] = [];
  /** The number of bytes in the inbox. */
  #unread = 0;
  readonly #readers: Waiters;
  /** True if no more bytes will come. */
  #ended = false;
  /** The error that `recv` rejects with once, if the end came in the middle of a message. */
  #torn: Error | undefined;
  /** The cause of the end, if it was no ordinary end. */
  #cause: Error | undefined;
  #isReadable = true;
  /** True if another process has the connection too: then nothing is read ahead. */
  #isShared = false;
  #closed = false;
  /** True if a waiting `recv` does not keep the program alive. */
  #isBackground = false;

  /** `early` has bytes that were read from the socket already; `trusted` is true if both ends have proved that they have the same key. */
  constructor(socket: Socket, early: Uint8Array, trusted: boolean) {
    super();
    this.#far = trusted ? reach.TRUSTED : reach.ANYBODY;
    this.#stream = new SocketStream(socket);
    this.#reader = new FrameReader((message) => {
      this.#inbox.push(message);
      this.#unread += message.size;
    });
    const update = () => {
      this.#keep();
      this.#flow();
    };
    this.#readers = new Waiters({ begin: update, end: update });
    this.#outbox = new SocketOutbox(this.#stream, () => this.#keep());
    socket.setNoDelay?.(true);
    socket.setKeepAlive?.(true, 30_000);
    socket.unref();
    socket.on('data', (chunk) => this.#ingest(chunk));
    socket.on('end', () => this.#end(undefined));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(undefined));
    this.#ingest(early);
    if (socket.readableEnded || socket.destroyed) this.#end(undefined);
  }

  get readable(): boolean {
    return this.#isReadable && !this.#closed;
  }

  get writable(): boolean {
    return !this.#closed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = new ClosedError('The Connection was closed here.');
    this.#readers.fail(error);
    this.#outbox.close(error);
    this.#inbox.length = 0;
    this.#stream.close();
  }

  /**
   * Returns what another process needs to go on with the connection: the descriptor, and the bytes that have arrived. From then on this
   * process reads only on request, and closing the connection here leaves the other open. Returns the reason as a string if the
   * connection cannot be sent.
   */
  handOver(): { fd: number; early: Uint8Array; trusted: boolean } | string {
    this.assertOpen();
    if (!this.#stream.isDirect) return 'a Connection over TLS is bound to its process';
    if (this.#ended) return 'the other end of this Connection is gone';
    if (this.#outbox.isPending) return 'a send() of this Connection is not done; await it first';
    if (!this.#readers.isEmpty) return 'a recv() of this Connection waits here';
    while (this.#stream.giveHeld()) {}
    this.#isShared = true;
    this.#flow();
    return { fd: this.#stream.share(), early: this.#early(), trusted: this.#far === reach.TRUSTED };
  }

  /** Returns the bytes that have arrived and were not received, unchanged. */
  #early(): Uint8Array {
    const whole = this.#inbox.flatMap(({ kind: of, body, blobs }) => frame(of, body, blobs, false) as Uint8Array[]);
    return Buffer.concat([...whole, this.#reader.begun()]);
  }

  get isOneSided(): boolean {
    return this.#closed || this.#ended;
  }

  keepAlive(keep: boolean): void {
    this.#isBackground = !keep;
    this.#keep();
  }

  isReady(): boolean {
    this.assertOpen();
    return this.#look();
  }

  onReady(callback: () => void): () => void {
    return whenReady(this.#readers, () => this.#hasMessage(), callback);
  }

  protected override pushValue(value: T, options: WaitOptions | undefined): Promise<void> {
    return this.#outbox.send(this.#encode(value), options);
  }

  protected override pushValueSync(value: T, options: SyncWaitOptions | undefined): void {
    this.#outbox.sendSync(this.#encode(value), options);
  }

  protected override pushBytes(bytes: Uint8Array, options: WaitOptions | undefined): Promise<void> {
    return this.#outbox.send(whole(frame(kind.BYTES, bytes, [], false)), options);
  }

  protected override pushBytesSync(bytes: Uint8Array, options: SyncWaitOptions | undefined): void {
    this.#outbox.sendSync(whole(frame(kind.BYTES, bytes, [], false)), options);
  }

  protected override take(wanted: Wanted | undefined, options: WaitOptions | undefined): Promise<unknown> {
    if (options?.timeout === 0) this.#look();
    return this.#readers.wait(
      () => this.#attempt(wanted),
      options,
      () => timedOut(options),
    );
  }

  protected override takeSync(wanted: Wanted | undefined, options: SyncWaitOptions | undefined): unknown {
    return this.#block(
      () => this.#attempt(wanted),
      options,
      () => timedOut(options),
    );
  }

  protected override awaitMessage(options: WaitOptions): Promise<boolean> {
    if (options.timeout === 0) this.#look();
    return this.#readers.wait<boolean>(
      () => this.#hasMessage() || NOT_YET,
      options,
      () => false,
    );
  }

  protected override awaitMessageSync(options: SyncWaitOptions): boolean {
    return this.#block<boolean>(
      () => this.#hasMessage() || NOT_YET,
      options,
      () => false,
    );
  }

  #block<R>(attempt: () => R | NotYet, options: SyncWaitOptions | undefined, expire: () => R): R {
    const deadline = clock() + readTimeout(options);
    // Over TLS it throws.
    this.#stream.fd;
    if (!this.#readers.isEmpty) throw new StateError('A recv() of this Connection waits already: await it first.');
    // The rest of that message needs the event loop, and the other end may be waiting for it.
    if (this.#outbox.isPending) throw new StateError('A send() of this Connection is not done: await it first.');
    for (;;) {
      const value = attempt();
      if (value !== NOT_YET) return value;
      if (this.#readNow()) continue;
      const left = deadline - clock();
      if (left <= 0 || !this.#stream.awaitReady('read', left)) return expire();
    }
  }

  /** Takes the first message, if there is one. */
  #attempt(wanted: Wanted | undefined): unknown {
    const [first] = this.#inbox;
    if (first === undefined) return this.#ended ? this.#throwEnd() : NOT_YET;
    const refusal = wanted?.(first.kind === kind.VALUE ? VALUE : first.size);
    if (refusal !== undefined) this.#refuse(refusal);
    this.#inbox.shift();
    this.#unread -= first.size;
    this.#flow();
    return this.#open(first);
  }

  #refuse({ error, fatal }: Refusal): never {
    if (fatal) {
      this.#isReadable = false;
      this.#inbox.length = 0;
      this.#stream.flow(false);
    }
    throw error;
  }

  #throwEnd(): never {
    const torn = this.#torn;
    this.#torn = undefined;
    if (torn !== undefined) throw torn;
    throw new EndOfStreamError('The other end of the Connection is gone, and nothing it sent is left.', {
      cause: this.#cause,
    });
  }

  /** True if `recv` would not wait, as far as is known here. */
  #hasMessage(): boolean {
    return this.#inbox.length > 0 || this.#ended;
  }

  /** True if `recv` would not wait; also asks the system. */
  #look(): boolean {
    while (!this.#hasMessage()) if (!this.#readNow()) return false;
    return true;
  }

  /** Reads once without waiting; returns false if there is nothing to read now. */
  #readNow(): boolean {
    if (this.#stream.giveHeld()) return true;
    try {
      const target = this.#reader.target();
      const bytes = this.#stream.readNow(target);
      if (bytes === undefined) return false;
      if (bytes.length === 0) this.#end(undefined);
      else if (bytes.buffer === target.buffer) this.#reader.advance(bytes.length);
      else this.#reader.ingest(bytes);
    } catch (error) {
      this.#end(error as Error);
    }
    return true;
  }

  #ingest(chunk: Uint8Array): void {
    if (this.#closed || this.#ended) return;
    try {
      this.#reader.ingest(chunk);
    } catch (error) {
      this.#end(error as Error);
    }
    this.#readers.serve();
    this.#flow();
  }

  /** Handles the end of the stream, or an error that ends it. */
  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cause = error;
    if (error instanceof SerializationError) this.#torn = error;
    else if (!this.#reader.isBetween) this.#torn = tornMessage(this.#reader, error);
    if (this.#torn !== undefined) this.#stream.destroy();
    this.#outbox.end(error);
    this.#readers.serve();
  }

  /** Decides whether the socket keeps the program alive. */
  #keep(): void {
    this.#stream.keepAlive((!this.#isBackground && !this.#readers.isEmpty) || this.#outbox.isPending);
  }

  #flow(): void {
    if (this.#closed || this.#ended || !this.#isReadable) return;
    const ahead = !this.#isShared && this.#unread + this.#reader.received < READ_AHEAD_BYTES;
    this.#stream.flow(ahead || !this.#readers.isEmpty);
  }

  #encode(value: T): readonly Uint8Array[] {
    needMuchStack();
    return encoders.with((encoder) => {
      const message = encoder.encode(value, 'value', this.#far);
      return whole(frame(kind.VALUE, message.bytes.subarray(0, message.length), message.blobs, true));
    });
  }

  #open({ kind: of, body, blobs }: Frame): unknown {
    if (of === kind.BYTES) return body;
    const blob = (index: number): ArrayBuffer => {
      const bytes = blobs[index];
      if (bytes === undefined) throw new SerializationError('A received message is damaged: a binary is missing.', '');
      return bytes.buffer as ArrayBuffer;
    };
    needMuchStack();
    return decoders.with((decoder) => decoder.decode(body, 0, body.length, blob, [], this.#far));
  }
}

function whole(pieces: readonly Uint8Array[] | undefined): readonly Uint8Array[] {
  if (pieces !== undefined) return pieces;
  throw new SerializationError(
    `A message through a socket may have ${MAX_MESSAGE_BYTES} bytes, and this has more.`,
    '',
  );
}

function tornMessage({ received, announced }: FrameReader, cause: Error | undefined): SerializationError {
  const text = `The other end of the Connection is gone in the middle of a message of ${announced} bytes, of which ${received} came.`;
  return new SerializationError(text, '', { cause });
}

function timedOut(options: SyncWaitOptions | undefined): never {
  throw new TimeoutError(`No message came within ${options?.timeout} ms.`);
}
