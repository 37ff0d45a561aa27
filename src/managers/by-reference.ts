import type { ObjectId } from './messages.ts';
import type { ServedObject } from './served-object.ts';

/** A method returns this so that the client gets a proxy of a new object instead of a copy. */
export class ByReference {
  readonly object: ServedObject;

  constructor(object: ServedObject) {
    this.object = object;
  }

  /** Returns the same object with its name. */
  as(identity: string, id: ObjectId): ReferencedObject {
    return new ReferencedObject(identity, id, this.object.type);
  }
}

/** An object of this server that is being sent to a client. */
export class ReferencedObject {
  readonly identity: string;
  readonly id: ObjectId;
  readonly kind: string;

  constructor(identity: string, id: ObjectId, kind: string) {
    this.identity = identity;
    this.id = id;
    this.kind = kind;
  }
}
