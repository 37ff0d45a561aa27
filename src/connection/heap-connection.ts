import { openBlob, storeBlob } from '../channel/blobs.ts';
import type { Letter, Mailbox } from '../channel/mailbox.ts';
import { unpack } from '../channel/transport.ts';
import { ClosedError, EndOfStreamError, TimeoutError } from '../contracts/errors.ts';
import type { SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { whenReady } from '../waits/when-ready.ts';
import { Connection, type Refusal, VALUE, type Wanted } from './connection.ts';
import { openLane } from './lane.ts';
import type { Pipe, Side } from './pipe-object.ts';

/** The tag of a value; the tag of bytes is their number plus 1. */
const VALUE_TAG = 0;
/** Bytes from this number on are sent in a block of their own. */
const BLOCK_BYTES = 2 ** 15;
const NOTHING = new Uint8Array(0);

/** What a member releases when an end is collected there. */
interface Hold {
  readonly pipe: Pipe;
  readonly side: Side;
  readonly entry: number;
}

const collected = new FinalizationRegistry<Hold>(({ pipe, side, entry }) => pipe.leave(side, entry));

/** The ends that this thread holds, by their pipe: each end is one object in this thread. */
const here = new WeakMap<
  Pipe,
  [WeakRef<HeapConnection<unknown>> | undefined, WeakRef<HeapConnection<unknown>> | undefined]
>();

/** An end of a pipe in the family's heap. */
export class HeapConnection<T> extends Connection<T> {
  readonly #pipe: Pipe;
  readonly #side: Side;
  readonly #other: Side;
  /** Its entry among the holders of its side. */
  readonly #entry: number;
  readonly #incoming: Mailbox;
  readonly #outgoing: Mailbox;
  #isReadable: boolean;
  readonly #isWritable: boolean;
  #closed = false;
  /** The reason for which the last checked message stays. */
  #refusal: Refusal | undefined;

  /** Use `at`: each thread has one object for an end. */
  constructor(pipe: Pipe, side: Side) {
    super();
    this.#pipe = pipe;
    this.#side = side;
    this.#other = side === 0 ? 1 : 0;
    this.#entry = pipe.open(side);
    this.#incoming = openLane(pipe, this.#other);
    this.#outgoing = openLane(pipe, side);
    this.#isReadable = pipe.isDuplex || side === 0;
    this.#isWritable = pipe.isDuplex || side === 1;
    collected.register(this, { pipe, side, entry: this.#entry }, this);
  }

  /** Returns the object of this thread for that end; makes one if there is none. */
  static at<T>(pipe: Pipe, side: Side): HeapConnection<T> {
    let ends = here.get(pipe);
    if (ends === undefined) here.set(pipe, (ends = [undefined, undefined]));
    const known = ends[side]?.deref();
    if (known !== undefined) return known as HeapConnection<T>;
    const made = endOf<T>(pipe, side);
    ends[side] = new WeakRef<HeapConnection<unknown>>(made as HeapConnection<unknown>);
    return made;
  }

  get readable(): boolean {
    return this.#isReadable && !this.#closed;
  }

  get writable(): boolean {
    return this.#isWritable && !this.#closed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The pipe and the number of the end, for a message. */
  get place(): { pipe: Pipe; side: Side } {
    this.assertOpen();
    return { pipe: this.#pipe, side: this.#side };
  }

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = new ClosedError('The Connection was closed here.');
    this.#incoming.close(error);
    this.#outgoing.close(error);
    collected.unregister(this);
    here.get(this.#pipe)![this.#side] = undefined;
    this.#pipe.leave(this.#side, this.#entry);
  }

  get isOneSided(): boolean {
    return this.#closed || this.#pipe.isGone(this.#other);
  }

  keepAlive(keep: boolean): void {
    this.#incoming.receivers.keepAlive(keep);
  }

  isReady(): boolean {
    this.assertOpen();
    return this.#hasMessage() === true;
  }

  onReady(callback: () => void): () => void {
    return whenReady(this.#incoming.receivers, () => this.#hasMessage() === true, callback);
  }

  protected override pushValue(value: T, options: WaitOptions | undefined): Promise<void> {
    return this.#push(this.#outgoing.pack(value, 'value'), VALUE_TAG, options);
  }

  protected override pushValueSync(value: T, options: SyncWaitOptions | undefined): void {
    this.#pushSync(this.#outgoing.pack(value, 'value'), VALUE_TAG, options);
  }

  protected override pushBytes(bytes: Uint8Array, options: WaitOptions | undefined): Promise<void> {
    return this.#push(this.#packBytes(bytes), bytes.length + 1, options);
  }

  protected override pushBytesSync(bytes: Uint8Array, options: SyncWaitOptions | undefined): void {
    this.#pushSync(this.#packBytes(bytes), bytes.length + 1, options);
  }

  protected override take(wanted: Wanted | undefined, options: WaitOptions | undefined): Promise<unknown> {
    return this.#incoming.receive(this.#attemptFor(wanted), options, timedOut);
  }

  protected override takeSync(wanted: Wanted | undefined, options: SyncWaitOptions | undefined): unknown {
    return this.#incoming.receiveSync(this.#attemptFor(wanted), options, timedOut);
  }

  protected override awaitMessage(options: WaitOptions): Promise<boolean> {
    return this.#incoming.receivers.wait<boolean>(this.#hasMessage, options, () => this.#hasMessage() === true);
  }

  protected override awaitMessageSync(options: SyncWaitOptions): boolean {
    return this.#incoming.receivers.waitSync<boolean>(this.#hasMessage, options, () => this.#hasMessage() === true);
  }

  readonly #hasMessage = (): boolean | NotYet => {
    return !this.#incoming.ring.isEmpty || this.#pipe.isGone(this.#other) || NOT_YET;
  };

  #attemptFor(wanted: Wanted | undefined): () => unknown {
    return wanted === undefined ? this.#attemptAny : () => this.#attempt(wanted);
  }

  readonly #attemptAny = (): unknown => this.#attempt(undefined);

  /** Takes the first message, if there is one. */
  #attempt(wanted: Wanted | undefined): unknown {
    const message = this.#pop(wanted);
    if (message !== NOT_YET || !this.#pipe.isGone(this.#other)) return message;
    // The other end may have sent a message between our check and its end.
    const last = this.#pop(wanted);
    if (last !== NOT_YET) return last;
    throw new EndOfStreamError(
      'No process holds the other end of the Connection any more, and no sent message is left.',
    );
  }

  #pop(wanted: Wanted | undefined): unknown {
    this.#refusal = undefined;
    const claim =
      wanted &&
      ((tag: number) => {
        this.#refusal = wanted(tag === VALUE_TAG ? VALUE : tag - 1);
        return this.#refusal === undefined;
      });
    const message = this.#incoming.tryPop(this.#open, claim);
    if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    return message;
  }

  readonly #open = (message: Letter, start: number, tag: number): unknown => {
    if (typeof message === 'number') return message;
    const { family } = this.#pipe;
    if (tag === VALUE_TAG) return unpack(family, message, start);
    const [blob] = message.blobs;
    if (blob !== undefined) return new Uint8Array(openBlob(family, blob));
    return Uint8Array.prototype.slice.call(message.bytes, start, start + message.length);
  };

  #refuse({ error, fatal }: Refusal): never {
    if (fatal && this.#isWritable) this.#isReadable = false;
    else if (fatal) this.close();
    throw error;
  }

  #packBytes(bytes: Uint8Array): Letter {
    const { length } = bytes;
    if (length < BLOCK_BYTES) return { bytes, length, blobs: [], handles: [] };
    const { family } = this.#pipe;
    return { bytes: NOTHING, length: 0, blobs: [storeBlob(family, bytes)], handles: [] };
  }

  #push(message: Letter, tag: number, options: WaitOptions | undefined): Promise<void> {
    return this.#outgoing.send(message, tag, options, noRoom);
  }

  #pushSync(message: Letter, tag: number, options: SyncWaitOptions | undefined): void {
    this.#outgoing.sendSync(message, tag, options, noRoom);
  }
}

function endOf<T>(pipe: Pipe, side: Side): HeapConnection<T> {
  return new HeapConnection<T>(pipe, side);
}

function timedOut(options: SyncWaitOptions | undefined): never {
  throw new TimeoutError(`No message came within ${options?.timeout} ms.`);
}

function noRoom(options: SyncWaitOptions | undefined): never {
  throw new TimeoutError(`The other end took no message out of the full pipe within ${options?.timeout} ms.`);
}
