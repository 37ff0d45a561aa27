import type { Connection } from '../connection/connection.ts';
import { isThenable } from '../contracts/awaitable.ts';
import { RemoteError } from '../contracts/errors.ts';
import { inspect } from '../engine/builtins.ts';
import { Caller } from './caller.ts';
import type { Client } from './client.ts';
import type { Lease } from './lease.ts';
import { type ClientMessage, type Ended, ended, KIND, type ObjectId, type ServerMessage, say } from './messages.ts';
import type { ObjectTable } from './object-table.ts';
import { asOpaque, openOpaque } from './opaque.ts';
import type { ServedObject } from './served-object.ts';

/** The largest number of replies that a client leaves unread; above it, the session does no more work for the client until it reads. */
const MOST_UNTAKEN = 256;

/** What a client outside the family must be told by the server. */
interface Greeting {
  readonly identity: string;
  readonly client: number;
}

/** One client of a server, from its first message until it is gone. */
export class Session implements Client {
  /** The greeting of the client; `undefined` for a member of the family. */
  readonly greeting: Greeting | undefined;
  readonly #connection: Connection;
  readonly #table: ObjectTable;
  readonly #onIdle: () => void;
  readonly #calls = new Map<number, Caller>();
  readonly #onEnd = new Set<(orderly: boolean) => void>();
  /** How many times a client outside the family has been given each object. */
  readonly #given = new Map<ObjectId, number>();
  #untaken = 0;
  #orderly = false;
  #hasEnded = false;

  /** `onIdle` is called whenever it may have become idle. */
  constructor(connection: Connection, table: ObjectTable, greeting: Greeting | undefined, onIdle: () => void) {
    this.#connection = connection;
    this.#table = table;
    this.#onIdle = onIdle;
    this.greeting = greeting;
    connection.keepAlive(false);
  }

  get isNear(): boolean {
    return this.greeting === undefined;
  }

  get isDead(): boolean {
    return this.#hasEnded || this.#connection.isOneSided;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** True for a member of the family that has no call here, and no message that the other side has not read. */
  get isIdle(): boolean {
    return this.isNear && this.#calls.size === 0 && this.#untaken === 0 && !this.#connection.isReady();
  }

  /** Calls `callback` when the client is gone, with whether it ended in order. Returns a function that cancels this. */
  onEnd(callback: (orderly: boolean) => void): () => void {
    this.#onEnd.add(callback);
    return () => this.#onEnd.delete(callback);
  }

  /** Resolves when the client is gone and all its messages have been read. */
  over: Promise<void> = Promise.resolve();

  /** Serves the client until it is gone. */
  serve(): void {
    this.over = this.#serve();
  }

  async #serve(): Promise<void> {
    const { greeting } = this;
    try {
      if (greeting !== undefined) await this.#connection.send([0, greeting.identity, greeting.client]);
      for (;;) {
        const message = (await this.#connection.recv()) as ClientMessage;
        this.#take(message);
        this.#onIdle();
        if (this.#untaken > MOST_UNTAKEN) await this.#taken();
      }
    } catch {
      // The stream has ended, or a message is invalid.
    } finally {
      this.close();
    }
  }

  /** Ends the session because the server ends: a client that lives has not been killed, although it has said no goodbye yet. */
  dismiss(): void {
    if (!this.isDead) this.#orderly = true;
    this.close();
  }

  /** Ends the session: its calls get no results any more, and everything that it held is released. */
  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#connection.close();
    const reason = new Error('The client is gone.');
    for (const caller of this.#calls.values()) caller.abort(reason);
    this.#calls.clear();
    for (const callback of this.#onEnd) {
      try {
        callback(this.#orderly);
      } catch (error) {
        // The other objects must be released too.
        process.emitWarning(error as Error);
      }
    }
    for (const id of this.#given.keys()) this.#table.release(id);
    this.#given.clear();
  }

  /** Counts that a client outside the family is about to be given an object. */
  give(id: ObjectId): void {
    // All others may have released it before.
    if (!this.#table.has(id)) return;
    const count = this.#given.get(id) ?? 0;
    if (count === 0) this.#table.retain(id);
    this.#given.set(id, count + 1);
  }

  #take(message: ClientMessage): void {
    switch (message[0]) {
      case say.CALL:
        this.#perform(message[1], message[2], message[3], message[4]);
        break;
      case say.CREATE:
        this.#create(message[1], message[2], message[3], message[4]);
        break;
      case say.CANCEL:
        this.#calls.get(message[1])?.abort(new Error('The caller gave up.'));
        break;
      case say.RELEASE:
        this.takeBack(message[1], message[2]);
        break;
      case say.CLAIM:
        this.give(message[1]);
        break;
      case say.BYE:
        this.#orderly = true;
        break;
      default:
        throw new Error('This is no message of a client.');
    }
  }

  #create(id: ObjectId, type: string, args: unknown, lease: Lease | undefined): void {
    this.#table.create(id, type, () => listOf(openOpaque(args)), lease, new Caller(this));
    // A client outside the family has no lease: it is counted.
    if (lease === undefined) this.give(id);
  }

  /** A client outside the family has released an object that it was given `count` times. */
  takeBack(id: ObjectId, count: number): void {
    const left = (this.#given.get(id) ?? 0) - count;
    if (left > 0) this.#given.set(id, left);
    else if (this.#given.delete(id)) this.#table.release(id);
  }

  /** Sends the reply at once if the object returns at once. */
  #perform(call: number, id: ObjectId, method: string, opaque: unknown): void {
    const caller = new Caller(this);
    try {
      const object = this.#table.find(id);
      const result = method === KIND ? object.type : object.call(method, listOf(openOpaque(opaque)), caller);
      if (isThenable(result)) this.#settleLater(call, caller, object, method, result);
      else this.#succeed(call, object, method, result);
    } catch (error) {
      this.#answer([call, ended.ERROR, asOpaque(error)]);
    }
  }

  #settleLater(call: number, caller: Caller, object: ServedObject, method: string, result: PromiseLike<unknown>): void {
    this.#calls.set(call, caller);
    result.then(
      (value) => {
        this.#calls.delete(call);
        this.#succeed(call, object, method, value);
      },
      (error) => {
        this.#calls.delete(call);
        const how: Ended = caller.reason !== undefined && error === caller.reason ? ended.CANCELLED : ended.ERROR;
        this.#answer([call, how, how === ended.ERROR ? asOpaque(error) : doneOf(error)]);
      },
    );
  }

  #succeed(call: number, object: ServedObject, method: string, value: unknown): void {
    let result: unknown;
    try {
      result = this.#table.presentable(value);
    } catch (error) {
      this.#answer([call, ended.ERROR, asOpaque(error)]);
      return;
    }
    this.#answer([call, ended.VALUE, asOpaque(result)], `${object.type}.${method}()`);
  }

  /**
   * Sends the reply of a call. If the reply cannot be sent, the error is sent instead. If even that fails, the session ends, so that the
   * caller does not wait for ever. `of` names the source of the value.
   */
  #answer(message: ServerMessage, of = 'the call', isLast = false): void {
    if (this.#hasEnded) return;
    this.#untaken++;
    let sending: Promise<void>;
    try {
      sending = this.#table.speakingTo(this, () => this.#connection.post(message));
    } catch (error) {
      this.#untaken--;
      this.#answerFailure(message[0], error, of, isLast);
      return;
    }
    sending.then(this.#onTaken, (error) => {
      this.#onTaken();
      this.#answerFailure(message[0], error, of, isLast);
    });
  }

  #answerFailure(call: number, error: unknown, of: string, isLast: boolean): void {
    // The client is gone and cannot be told.
    if (this.isDead) return;
    if (isLast) this.close();
    else this.#answer([call, ended.ERROR, asOpaque(refusal(of, error))], of, true);
  }

  readonly #onTaken = () => {
    this.#untaken--;
    if (this.#untaken > 0) return;
    this.#resume();
    this.#onIdle();
  };

  #resume: () => void = () => {};

  #taken(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }
}

function refusal(of: string, cause: unknown): RemoteError {
  const reason = cause instanceof Error ? String(cause.message).replace('value[2]', 'result') : inspect(cause);
  return new RemoteError(`The result of ${of} cannot be sent: ${reason}`, { cause });
}

/** Returns how many items an aborted `putMany` has put in, `undefined` for another call. */
function doneOf(reason: unknown): number | undefined {
  return (reason as { readonly done?: number }).done;
}

function listOf(args: unknown): unknown[] {
  if (Array.isArray(args)) return args;
  throw new TypeError('The arguments of a call must be an array.');
}
