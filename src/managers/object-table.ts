import { inspect } from '../builtins.ts';
import { RemoteError } from '../errors.ts';
import { stackOf } from '../stack-of.ts';
import type { Caller } from './caller.ts';
import type { Client } from './client.ts';
import type { Lease } from './lease.ts';
import type { Lender } from './lender.ts';
import type { ObjectId } from './messages.ts';
import { Presented } from './presented.ts';
import type { ServedObject } from './served-object.ts';

interface Entry {
  readonly id: ObjectId;
  readonly object: ServedObject;
  /** How many clients outside of the family have it. */
  given: number;
}

/** Makes the object that a client wants; throws what that throws. */
export type MakeObject = (type: string, args: unknown[], caller: Caller) => ServedObject;

/** The objects that a server holds, each until nobody has a proxy of it any more. */
export class ObjectTable {
  readonly identity: string;
  readonly #lender: Lender<ObjectId>;
  readonly #make: MakeObject;
  readonly #entries = new Map<ObjectId, Entry>();
  #presented = 0;
  /** Whom the message goes to that is being encoded, and what it gives. */
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

  /** Makes an object for a client; where that fails, every call on it meets the error. */
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

  /** The object; a `RemoteError` if it is not there. */
  find(id: ObjectId): ServedObject {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry.object;
    throw new RemoteError(
      'The object is not in the server any more: whoever had it let go of it, or ended, before this proxy arrived.',
    );
  }

  has(id: ObjectId): boolean {
    return this.#entries.has(id);
  }

  /** A client outside of the family has it from now on. */
  retain(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.given++;
  }

  /** The opposite. */
  release(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.given--;
    this.dropIfUnheld(id);
  }

  /** Lets go of an object that nobody has any more. */
  dropIfUnheld(id: ObjectId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.given > 0 || this.#lender.isLent(id)) return;
    this.#entries.delete(id);
    dispose(entry.object);
  }

  /** What a call answers, in the form in which it can be sent. */
  presentable(value: unknown): unknown {
    if (!(value instanceof Presented)) return value;
    const id = `s.${++this.#presented}`;
    this.#entries.set(id, { id, object: value.object, given: 0 });
    return value.as(this.identity, id);
  }

  /** Runs `send`, which encodes a message to this client: what that hands out is counted, and taken back if it fails. */
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

  /** The lease to send to a member of the family. */
  lend(id: ObjectId): Lease {
    const lease = this.#lender.lend(id);
    this.#loans.push(lease);
    return lease;
  }

  /** Counts that the message brings the object to a client outside of the family; false if it goes to somebody else. */
  give(id: ObjectId): boolean {
    if (this.#listener === undefined || this.#listener.isNear) return false;
    this.#listener.give(id);
    this.#gifts.push(id);
    return true;
  }

  /** Lets go of everything. */
  close(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { object } of entries) dispose(object);
  }
}

/** Code of users may run here, and fail: that is not the failure of whoever let go of the object. */
function dispose(object: ServedObject): void {
  try {
    object.dispose?.();
  } catch (error) {
    process.emitWarning(`A ${object.type} could not be disposed of: ${inspect(error)}`);
  }
}

/** What could not be made. */
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
    const text = this.#error instanceof Error ? (stackOf(this.#error) ?? this.#error.message) : String(this.#error);
    process.emitWarning(`A manager could not make a ${this.type}, and nobody has asked why: ${text}`);
  }
}
