import { inspect } from '../builtins.ts';
import type { Connection } from '../connection/connection.ts';
import { RemoteError } from '../errors.ts';
import { Caller } from './caller.ts';
import type { Client } from './client.ts';
import type { Lease } from './lease.ts';
import { type ClientMessage, type Ended, ended, KIND, type ObjectId, type ServerMessage, say } from './messages.ts';
import type { ObjectTable } from './object-table.ts';
import { seal, unseal } from './sealed.ts';
import type { ServedObject } from './served-object.ts';

/** Answers that a client may leave untaken; then nothing more is done for it until it takes some. */
const MOST_UNTAKEN = 256;

/** What a client gets of a server that it has no other way to learn. */
export interface Greeting {
  readonly identity: string;
  readonly client: number;
}

/** One client of a server, from its first message until it is gone. */
export class Session implements Client {
  /** What it was made with: `undefined` for a member of the family. */
  readonly greeting: Greeting | undefined;
  readonly #connection: Connection;
  readonly #table: ObjectTable;
  readonly #onIdle: () => void;
  readonly #calls = new Map<number, Caller>();
  readonly #onEnd = new Set<(orderly: boolean) => void>();
  /** How often a client outside of the family has been given each object. */
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
    connection.hold(false);
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

  /** True for a member of the family that has no call here, nor has taken or sent what the other does not know yet. */
  get isIdle(): boolean {
    return this.isNear && this.#calls.size === 0 && this.#untaken === 0 && !this.#connection.isReady();
  }

  /** Calls back when the client is gone, saying whether it ended as it should; the answer stops that. */
  onEnd(callback: (orderly: boolean) => void): () => void {
    this.#onEnd.add(callback);
    return () => this.#onEnd.delete(callback);
  }

  /** Serves the client until it is gone. */
  async serve(): Promise<void> {
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
      // The end of the stream, or what is no message of ours.
    } finally {
      this.close();
    }
  }

  /** Ends it: what its calls wait for they get no more, and what it held is given back. */
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
        // The others have something to give back too.
        process.emitWarning(error as Error);
      }
    }
    for (const id of this.#given.keys()) this.#table.release(id);
    this.#given.clear();
  }

  /** Counts that a client outside of the family is about to be given an object. */
  give(id: ObjectId): void {
    // It may have been let go of by all others before.
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
    this.#table.create(id, type, () => listOf(unseal(args)), lease, new Caller(this));
    // One outside of the family has no lease: it is counted.
    if (lease === undefined) this.give(id);
  }

  /** A client outside of the family has let go of what it was given so many times. */
  takeBack(id: ObjectId, count: number): void {
    const left = (this.#given.get(id) ?? 0) - count;
    if (left > 0) this.#given.set(id, left);
    else if (this.#given.delete(id)) this.#table.release(id);
  }

  /** Answers at once where the object does. */
  #perform(call: number, id: ObjectId, method: string, sealed: unknown): void {
    const caller = new Caller(this);
    try {
      const object = this.#table.find(id);
      const result = method === KIND ? object.type : object.call(method, listOf(unseal(sealed)), caller);
      if (isThenable(result)) this.#settleLater(call, caller, object, method, result);
      else this.#succeed(call, object, method, result);
    } catch (error) {
      this.#answer([call, ended.ERROR, seal(error)]);
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
        this.#answer([call, how, how === ended.ERROR ? seal(error) : undefined]);
      },
    );
  }

  #succeed(call: number, object: ServedObject, method: string, value: unknown): void {
    let result: unknown;
    try {
      result = this.#table.presentable(value);
    } catch (error) {
      this.#answer([call, ended.ERROR, seal(error)]);
      return;
    }
    this.#answer([call, ended.VALUE, seal(result)], `${object.type}.${method}()`);
  }

  /**
   * Answers a call. What keeps the answer from being sent becomes the answer; where that is the last resort already, the session ends,
   * so that nobody waits for what does not come. `of` is what the value came from.
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
    // Nobody is there to be told.
    if (this.isDead) return;
    if (isLast) this.close();
    else this.#answer([call, ended.ERROR, seal(refusal(of, error))], of, true);
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
  return new RemoteError(`What ${of} answered cannot be sent: ${reason}`, { cause });
}

function listOf(args: unknown): unknown[] {
  if (Array.isArray(args)) return args;
  throw new TypeError('The arguments of a call are an array.');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
