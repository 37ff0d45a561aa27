import { showAddress } from '../connection/address.ts';
import { connect } from '../connection/connect.ts';
import type { Connection } from '../connection/connection.ts';
import { pipe } from '../connection/pipe.ts';
import { EndOfStreamError, ProcessError, RemoteError, SerializationError } from '../contracts/errors.ts';
import { afterPutting } from '../contracts/queue.ts';
import { queueMicrotask } from '../engine/builtins.ts';
import { stackOf } from '../engine/stack-of.ts';
import { onAbort } from '../waits/on-abort.ts';
import type { Lease } from './lease.ts';
import { type ClientMessage, ended, type ObjectId, type ServerMessage, say } from './messages.ts';
import { asOpaque, openOpaque } from './opaque.ts';
import type { Far, ServerRef } from './server-ref.ts';

/** A call without a reply yet. */
interface Pending {
  /** The object that was called. */
  readonly id: ObjectId;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly stopListening: (() => void) | undefined;
  /** The reason for which it was cancelled without a signal. */
  why: Error | undefined;
}

/** Milliseconds that a server has to send its greeting. */
const GREETING_TIME = 5000;

const links = new Map<string, Link>();
let isExitHeard = false;

/**
 * The connection of this thread to one server: calls go out at once, replies come back in any order. There is one link for each server.
 * If the server is gone, every call of the link rejects with the reason.
 */
export class Link {
  readonly ref: ServerRef;
  /** The proxies of this thread by their objects: an object has one proxy. */
  readonly proxies = new Map<ObjectId, WeakRef<object>>();
  #connection: Connection | undefined;
  /** Resolves when the link has connected: messages wait for it. */
  #opening: Promise<void> | undefined;
  /** Before there is a connection: the objects that this client has from another client, which it will report first. */
  readonly #claims = new Set<ObjectId>();
  readonly #pending = new Map<number, Pending>();
  /** Called when no call waits any more. */
  readonly #whenQuiet: (() => void)[] = [];
  #isReceiving = false;
  #calls = 0;
  #made = 0;
  #client = 0;
  /** The number of managers that it was made for, or 1 if it was made for a proxy. */
  #users = 1;
  /** Makes the error of every call after the end. */
  #end: (() => Error) | undefined;

  private constructor(ref: ServerRef) {
    this.ref = ref;
  }

  /** Returns the link to a known server. It connects at the first call, not before: receiving a message with a proxy has no effect. */
  static to(ref: ServerRef): Link {
    let link = links.get(ref.identity);
    if (link === undefined) links.set(ref.identity, (link = new Link(ref)));
    return link;
  }

  /** Returns the link to a server that this thread knows, `undefined` if it does not. */
  static known(identity: string): Link | undefined {
    return links.get(identity);
  }

  /** Connects a manager to a server of which only the address is known, until it leaves. Rejects if that fails. */
  static async connect(far: Far): Promise<Link> {
    const connection = await connect(far.address, far);
    const { identity, client } = await readGreeting(connection, far);
    const known = links.get(identity);
    if (known !== undefined) {
      known.#users++;
      if (known.#isIdle() && known.ref.near === undefined) known.#open(connection, client);
      else connection.close();
      return known;
    }
    const link = new Link({ identity, near: undefined, far });
    links.set(identity, link);
    link.#open(connection, client);
    return link;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Returns a name for an object that this client is about to make without a lease. */
  newId(): ObjectId {
    return `${this.#client}.${++this.#made}`;
  }

  /** Makes an object in the server. If that fails, every call of the object rejects with the error. */
  create(id: ObjectId, type: string, args: readonly unknown[], lease: Lease | undefined): void {
    // Throws if a part cannot be sent.
    this.#send([say.CREATE, id, type, asOpaque(args), lease]);
  }

  /** Calls a method of an object. An abort asks the server to give up; if the server has finished by then, its result counts. */
  call(id: ObjectId, method: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end());
      const call = ++this.#calls;
      const stopListening = signal && this.#cancelOn(signal, call);
      this.#pending.set(call, { id, resolve, reject, signal, stopListening, why: undefined });
      const refuse = (error: unknown) => this.#settle(call)?.reject(error);
      try {
        this.#send([say.CALL, call, id, method, asOpaque(args)], refuse);
      } catch (error) {
        return refuse(error);
      }
      this.#awaitAnswers();
    });
  }

  #cancelOn(signal: AbortSignal, call: number): () => void {
    signal.throwIfAborted();
    return onAbort(signal, () => this.#cancel(call, signal.reason));
  }

  #cancel(call: number, reason: unknown): void {
    // If the server cannot be told, there is nothing to wait for.
    const refuse = () => this.#settle(call)?.reject(reason);
    try {
      this.#send([say.CANCEL, call], refuse);
    } catch {
      refuse();
    }
  }

  /** Ends the waits of calls on an object that was released here. A call that does not wait still gets its result. */
  cancelAll(id: ObjectId, makeError: () => Error): void {
    for (const [call, pending] of this.#pending) {
      if (pending.id !== id) continue;
      pending.why = makeError();
      this.#cancel(call, pending.why);
    }
  }

  /** Outside the family: this client has released an object that it was sent `count` times. */
  release(id: ObjectId, count: number): void {
    if (this.#isIdle()) this.#claims.delete(id);
    else if (!this.hasEnded) this.#send([say.RELEASE, id, count]);
  }

  /** Outside the family: this client has received an object from another client. */
  claim(id: ObjectId): void {
    if (this.#connection === undefined) this.#claims.add(id);
    else if (!this.hasEnded) this.#send([say.CLAIM, id]);
  }

  /** This thread has no proxy of the object any more. */
  forget(id: ObjectId): void {
    this.proxies.delete(id);
    if (this.proxies.size === 0 && this.#isIdle() && links.get(this.ref.identity) === this)
      links.delete(this.ref.identity);
  }

  /** True until it is used. */
  #isIdle(): boolean {
    return this.#connection === undefined && this.#opening === undefined && this.#end === undefined;
  }

  /** A connected manager does not need the link any more. */
  leave(makeError: () => Error): void {
    if (--this.#users > 0) return;
    this.#sayBye();
    this.#finish(makeError);
  }

  /** Ends the link: waiting calls and all later calls reject with such an error. */
  close(makeError: () => Error): void {
    this.#sayBye();
    this.#finish(makeError);
  }

  /** Calls `then` as soon as no call waits. */
  whenQuiet(then: () => void): void {
    this.#whenQuiet.push(then);
    this.#onQuiet();
  }

  readonly #onQuiet = (): void => {
    if (this.#pending.size > 0) return;
    for (const then of this.#whenQuiet.splice(0)) then();
  };

  #connect(): void {
    const { near } = this.ref;
    if (near !== undefined) this.#enter(near.connectEnd);
    else this.#openLater(this.ref);
  }

  /** Connects through the heap: the server gets the other end of a new pipe. */
  #enter(connectEnd: Connection): void {
    const [mine, theirs] = pipe();
    this.#open(mine, 0);
    // This connection never has a message: it becomes ready when the server is gone, even if the server did not take our end.
    connectEnd.keepAlive(false);
    connectEnd.onReady(() => this.#finish(() => gone(this.ref)));
    connectEnd.send(theirs).catch((error) => this.#finish(() => gone(this.ref, error)));
    theirs.close();
  }

  #openLater(ref: ServerRef): void {
    this.#opening = connect(ref.far!.address, ref.far)
      .then(async (connection) => {
        const { identity, client } = await readGreeting(connection, ref.far!);
        if (identity === ref.identity && !this.hasEnded) return this.#open(connection, client);
        connection.close();
        throw new EndOfStreamError('The manager was restarted: its objects are gone.');
      })
      .catch((error) => this.#finish(() => gone(ref, error)));
  }

  #open(connection: Connection, client: number): void {
    this.#connection = connection;
    this.#client = client;
    this.#opening = undefined;
    if (!isExitHeard) {
      isExitHeard = true;
      process.on('exit', Link.#onExit);
    }
    for (const id of this.#claims) this.#send([say.CLAIM, id]);
    this.#claims.clear();
    if (this.#pending.size > 0) this.#awaitAnswers();
  }

  static #onExit(): void {
    for (const link of links.values()) link.#sayBye();
  }

  /** Tells the server that this client ends in order. */
  #sayBye(): void {
    try {
      this.#connection?.sendSync([say.BYE], { timeout: 0 });
    } catch {
      // The server notices that this client is gone.
    }
  }

  /**
   * Sends a message. Throws an error that keeps it from being sent, or calls `refuse` if the error comes later. The end of the server is
   * noticed by the receiving side.
   */
  #send(message: ClientMessage, refuse: (error: unknown) => void = () => {}): void {
    if (this.#isIdle()) this.#connect();
    if (this.#opening !== undefined) {
      void this.#opening.then(() => this.#send(message, refuse)).catch(refuse);
      return;
    }
    const connection = this.#connection;
    if (connection === undefined || this.#end !== undefined) return;
    try {
      connection.post(message).catch((error) => {
        if (!connection.isOneSided) refuse(error);
      });
    } catch (error) {
      if (connection.isOneSided) return;
      throw error instanceof SerializationError ? namingArguments(error) : error;
    }
  }

  /** Reads replies while a call waits. Does not begin before all present messages were sent, because a wait begins with a short spin. */
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
        if (how === ended.CANCELLED) pending.reject(cancelled(pending, value));
        else this.#answer(pending, how === ended.VALUE, value);
      }
      this.#isReceiving = false;
    } catch (error) {
      this.#finish(() => gone(this.ref, error));
    }
  };

  #answer({ resolve, reject, why }: Pending, isValue: boolean, opaque: unknown): void {
    try {
      const value = openOpaque(opaque);
      if (isValue) resolve(value);
      // The object was released here, and the server may have lost it before it came to the call.
      else if (why !== undefined && value instanceof RemoteError) reject(Object.assign(why, { cause: value }));
      else reject(value);
    } catch (error) {
      reject(error);
    }
  }

  #settle(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    if (pending === undefined) return undefined;
    this.#pending.delete(call);
    pending.stopListening?.();
    if (this.#pending.size === 0 && this.#whenQuiet.length > 0) queueMicrotask(this.#onQuiet);
    return pending;
  }

  #finish(makeError: () => Error): void {
    if (this.#end !== undefined) return;
    this.#end = makeError;
    this.#opening = undefined;
    if (links.get(this.ref.identity) === this) links.delete(this.ref.identity);
    for (const call of [...this.#pending.keys()]) this.#settle(call)?.reject(makeError());
    this.#connection?.close();
  }
}

/** Reads the first message of a server to a client outside its family. Closes the connection if it is something else. */
async function readGreeting(connection: Connection, { address }: Far): Promise<{ identity: string; client: number }> {
  try {
    const message: unknown = await connection.recv({ timeout: GREETING_TIME });
    const [hello, identity, client] = Array.isArray(message) ? message : [];
    if (hello === 0 && typeof identity === 'string' && typeof client === 'number') return { identity, client };
    throw new ProcessError(`The program that listens at ${showAddress(address)} is not a manager.`);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Returns what a cancelled call rejects with. `done` is a number if the call was a `putMany`. */
function cancelled({ why, signal }: Pending, done: unknown): unknown {
  const reason = why ?? signal?.reason;
  return typeof done === 'number' ? afterPutting(reason, done) : reason;
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

/** Returns the error with the path as the caller of a method sees it. */
function namingArguments(error: SerializationError): SerializationError {
  const place = /^value\[\d\]/;
  const found = place.exec(error.path)?.[0];
  if (found === undefined) return error;
  const named = new SerializationError(error.message.replace(found, 'args'), error.path.replace(found, 'args'));
  return Object.assign(named, { stack: stackOf(error)?.replace(found, 'args') });
}
