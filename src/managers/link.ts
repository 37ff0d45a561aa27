import { showAddress } from '../connection/address.ts';
import { connect } from '../connection/connect.ts';
import type { Connection } from '../connection/connection.ts';
import { pipe } from '../connection/pipe.ts';
import { EndOfStreamError, SerializationError } from '../errors.ts';
import type { Lease } from './lease.ts';
import { type ClientMessage, ended, type ObjectId, type ServerMessage, say } from './messages.ts';
import { seal, unseal } from './sealed.ts';
import type { Far, ServerRef } from './server-ref.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

const links = new Map<string, Link>();

/**
 * What connects this thread to one server: calls go out as they come, answers come back in any order. There is one for
 * each server; a link whose server is gone answers every call with the reason.
 */
export class Link {
  readonly ref: ServerRef;
  /** The proxies of this thread by their objects: an object has one. */
  readonly proxies = new Map<ObjectId, WeakRef<object>>();
  #connection: Connection | undefined;
  /** Until there is a connection: what is sent waits for it. */
  #opening: Promise<void> | undefined;
  readonly #pending = new Map<number, Pending>();
  #isReceiving = false;
  #calls = 0;
  #made = 0;
  #client = 0;
  /** Makes the error that every call meets from then on. */
  #end: (() => Error) | undefined;

  private constructor(ref: ServerRef) {
    this.ref = ref;
  }

  /** The link to a server that is known; connects where there is none. */
  static to(ref: ServerRef): Link {
    let link = links.get(ref.identity);
    if (link === undefined || link.hasEnded) {
      link = new Link(ref);
      links.set(ref.identity, link);
      if (ref.near !== undefined) link.#enter(ref.near.reception);
      else link.#openLater(ref);
    }
    return link;
  }

  /** The link to a server that this thread has met; `undefined` if it has not. */
  static known(identity: string): Link | undefined {
    return links.get(identity);
  }

  /** Connects to a server of which only the address is known; rejects if that fails. `isOwn` is false for a link that there was. */
  static async connect(far: Far): Promise<{ link: Link; isOwn: boolean }> {
    const connection = await connect(far.address, far);
    const [, identity, client] = (await connection.recv({ timeout: 5000 })) as [0, string, number];
    const known = links.get(identity);
    if (known !== undefined && !known.hasEnded) {
      connection.close();
      return { link: known, isOwn: false };
    }
    const link = new Link({ identity, near: undefined, far });
    links.set(identity, link);
    link.#open(connection, client);
    return { link, isOwn: true };
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** A name for an object that this client is about to make, unless it has a lease. */
  newId(): ObjectId {
    return `${this.#client}.${++this.#made}`;
  }

  /** Has the server make an object; its failure is what every call on it meets. */
  create(id: ObjectId, type: string, args: readonly unknown[], lease: Lease | undefined): void {
    // Throws what cannot be sent.
    this.#send([say.CREATE, id, type, seal(args), lease]);
  }

  /** Calls a method of an object. An abort asks the server to give up; what it has done by then is the answer all the same. */
  call(id: ObjectId, method: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end());
      const call = ++this.#calls;
      this.#pending.set(call, { resolve, reject, signal, onAbort: signal && this.#cancelOn(signal, call) });
      try {
        this.#send([say.CALL, call, id, method, seal(args)]);
      } catch (error) {
        this.#settle(call);
        return reject(error);
      }
      this.#awaitAnswers();
    });
  }

  #cancelOn(signal: AbortSignal, call: number): () => void {
    signal.throwIfAborted();
    const cancel = () => this.#send([say.CANCEL, call]);
    signal.addEventListener('abort', cancel, { once: true });
    return cancel;
  }

  /** Outside of the family: this client has let go of what it was sent so many times. */
  release(id: ObjectId, count: number): void {
    if (!this.hasEnded) this.#send([say.RELEASE, id, count]);
  }

  /** Outside of the family: this client has an object from somebody else than the server. */
  claim(id: ObjectId): void {
    if (!this.hasEnded) this.#send([say.CLAIM, id]);
  }

  /** Ends it: calls that wait are rejected with such an error, as is every later one. */
  close(makeError: () => Error): void {
    this.#finish(makeError);
  }

  /** Through the heap: the server gets the other end of a new pipe. */
  #enter(reception: Connection): void {
    const [mine, theirs] = pipe();
    this.#open(mine, 0);
    // It never has a message: it is ready when the server is gone, even one that did not come to take our end.
    reception.hold(false);
    reception.onReady(() => this.#finish(() => gone(this.ref)));
    reception.send(theirs).catch((error) => this.#finish(() => gone(this.ref, error)));
    theirs.close();
  }

  #openLater(ref: ServerRef): void {
    this.#opening = connect(ref.far!.address, ref.far)
      .then(async (connection) => {
        const [, identity, client] = (await connection.recv({ timeout: 5000 })) as [0, string, number];
        if (identity !== ref.identity) {
          connection.close();
          throw new EndOfStreamError('The manager was restarted: its objects are gone.');
        }
        this.#open(connection, client);
      })
      .catch((error) => this.#finish(() => gone(ref, error)));
  }

  #open(connection: Connection, client: number): void {
    this.#connection = connection;
    this.#client = client;
    this.#opening = undefined;
    process.once('exit', this.#onExit);
    if (this.#pending.size > 0) this.#awaitAnswers();
  }

  readonly #onExit = () => {
    try {
      this.#connection?.sendSync([say.BYE], { timeout: 0 });
    } catch {
      // The server sees that we are gone.
    }
  };

  /** Throws what cannot be encoded. That the server is gone is told by what is received. */
  #send(message: ClientMessage): void {
    if (this.#opening !== undefined) {
      void this.#opening.then(() => this.#send(message));
      return;
    }
    if (this.#connection === undefined || this.#end !== undefined) return;
    try {
      this.#connection.post(message).catch(() => {});
    } catch (error) {
      if (error instanceof SerializationError) throw namingArguments(error);
      if (!(error instanceof EndOfStreamError)) throw error;
    }
  }

  /** While a call waits, and not before all that is said now was sent: to wait begins with a short spin. */
  #awaitAnswers(): void {
    if (this.#isReceiving || this.#connection === undefined) return;
    this.#isReceiving = true;
    queueMicrotask(this.#receive);
  }

  readonly #receive = async (): Promise<void> => {
    const connection = this.#connection!;
    try {
      while (this.#pending.size > 0) {
        const [call, how, value] = (await connection.recv()) as ServerMessage;
        const pending = this.#settle(call);
        if (pending === undefined) continue;
        if (how === ended.CANCELLED) pending.reject(pending.signal?.reason);
        else this.#answer(pending, how === ended.VALUE, value);
      }
      this.#isReceiving = false;
    } catch (error) {
      this.#finish(() => gone(this.ref, error));
    }
  };

  #answer({ resolve, reject }: Pending, isValue: boolean, sealed: unknown): void {
    try {
      const value = unseal(sealed);
      if (isValue) resolve(value);
      else reject(value);
    } catch (error) {
      reject(error);
    }
  }

  #settle(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    if (pending === undefined) return undefined;
    this.#pending.delete(call);
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort);
    return pending;
  }

  #finish(makeError: () => Error): void {
    if (this.#end !== undefined) return;
    this.#end = makeError;
    process.off('exit', this.#onExit);
    for (const call of [...this.#pending.keys()]) this.#settle(call)?.reject(makeError());
    this.#connection?.close();
  }
}

function gone({ far }: ServerRef, cause?: unknown): EndOfStreamError {
  const where = far === undefined ? '' : ` at ${showAddress(far.address)}`;
  if (cause === undefined || cause instanceof EndOfStreamError) {
    return new EndOfStreamError(
      `The server of this manager${where} is gone, and with it all that it held: it was shut down, or killed.`,
    );
  }
  return new EndOfStreamError(
    `The server of this manager${where} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}

/** The path to what cannot be sent, as the caller of a method sees it. */
function namingArguments(error: SerializationError): SerializationError {
  const place = /^value\[\d\]/;
  const found = place.exec(error.path)?.[0];
  if (found === undefined) return error;
  const named = new SerializationError(error.message.replace(found, 'args'), error.path.replace(found, 'args'));
  return Object.assign(named, { stack: error.stack?.replace(found, 'args') });
}
