import { RemoteError } from '../contracts/errors.ts';
import { inspect } from '../engine/builtins.ts';
import { textOf } from '../engine/stack-of.ts';
import { ByReference } from './by-reference.ts';
import type { Caller } from './caller.ts';
import type { Client } from './client.ts';
import type { Lease } from './lease.ts';
import type { Lender } from './lender.ts';
import type { ObjectId } from './messages.ts';
import type { ServedObject } from './served-object.ts';

interface Entry {
  readonly id: ObjectId;
  readonly object: ServedObject;
  /** The number of clients outside the family that have it. */
  given: number;
}

/** Makes the object that a client wants; throws the error of its constructor or function. */
export type MakeObject = (type: string, args: unknown[], caller: Caller) => ServedObject;

/** The objects of a server. Each stays until no proxy of it exists. */
export class ObjectTable {
  readonly identity: string;
  readonly #lender: Lender<ObjectId>;
  readonly #make: MakeObject;
  readonly #entries = new Map<ObjectId, Entry>();
  #referenced = 0;
  /** The client that receives the message being encoded, and the objects that the message gives it. */
  #listener: Client | undefined;
  #loans: Lease[] = [];
  #gifts: ObjectId[] = [];

  constructor(identity: string, lender: Lender<ObjectId>, make: MakeObject) {
    this.identity = identity;
    this.#lender = lender;
    this.#make = make;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Makes an object for a client. If that fails, every call of the object rejects with the error. */
  create(id: ObjectId, type: string, readArgs: () => unknown[], lease: Lease | undefined, caller: Caller): void {
    let object: ServedObject;
    try {
      object = this.#make(type, readArgs(), caller);
    } catch (error) {
      object = new FailedObject(type, error);
    }
    this.#entries.set(id, { id, object, given: 0 });
    if (lease !== undefined) this.#lender.adopt(id, lease);
  }

  /** Returns the object. Throws a `RemoteError` if it does not exist. */
  find(id: ObjectId): ServedObject {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry.object;
    throw new RemoteError(
      'The object is not in the server any more: the program that had it released it, or ended, before this proxy arrived.',
    );
  }

  has(id: ObjectId): boolean {
    return this.#entries.has(id);
  }

  /** A client outside the family has the object from now on. */
  retain(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.given++;
  }

  /** A client outside the family has released the object. */
  release(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.given--;
    this.dropIfUnheld(id);
  }

  /** Drops an object that no client has any more. */
  dropIfUnheld(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.given > 0 || this.#lender.isLent(id)) return;
    this.#entries.delete(id);
    dispose(entry.object);
  }

  /** Returns the result of a call in a form that can be sent. */
  presentable(value: unknown): unknown {
    if (!(value instanceof ByReference)) return value;
    const id = `s.${++this.#referenced}`;
    this.#entries.set(id, { id, object: value.object, given: 0 });
    return value.as(this.identity, id);
  }

  /** Runs `send`, which encodes a message to this client. Objects that the message gives the client are counted, and uncounted if it fails. */
  speakingTo<R>(client: Client, send: () => R): R {
    this.#listener = client;
    try {
      return send();
    } catch (error) {
      for (const id of this.#gifts) client.takeBack(id, 1);
      throw error;
    } finally {
      this.#listener = undefined;
      this.#gifts = [];
      for (const lease of this.#loans.splice(0)) lease.close();
    }
  }

  /** Returns the lease to send to a member of the family. */
  lend(id: ObjectId): Lease {
    const lease = this.#lender.lend(id);
    this.#loans.push(lease);
    return lease;
  }

  /** Counts that the message brings the object to a client outside the family; returns false if the message goes to another receiver. */
  give(id: ObjectId): boolean {
    if (this.#listener === undefined || this.#listener.isNear) return false;
    this.#listener.give(id);
    this.#gifts.push(id);
    return true;
  }

  close(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { object } of entries) dispose(object);
  }
}

/** User code may run here and fail: that is not an error of the client that released the object. */
function dispose(object: ServedObject): void {
  try {
    object.dispose?.();
  } catch (error) {
    process.emitWarning(`A ${object.type} could not be disposed of: ${inspect(error)}`);
  }
}

/** Stands for an object that could not be made. */
class FailedObject implements ServedObject {
  readonly type: string;
  readonly #error: unknown;
  #isReported = false;

  constructor(type: string, error: unknown) {
    this.type = type;
    this.#error = error;
  }

  call(): never {
    this.#isReported = true;
    throw this.#error;
  }

  dispose(): void {
    if (this.#isReported) return;
    process.emitWarning(
      `A manager could not make a ${this.type}, and no call has received the error: ${textOf(this.#error)}`,
    );
  }
}
