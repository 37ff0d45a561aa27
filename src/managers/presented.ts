import type { ObjectId } from './messages.ts';
import type { ServedObject } from './served-object.ts';

/** What a method answers to have the client get a proxy of a new object, and not a copy of it. */
export class Presented {
  readonly object: ServedObject;

  constructor(object: ServedObject) {
    this.object = object;
  }

  /** The same, once it has a name. */
  as(identity: string, id: ObjectId): PresentedObject {
    return new PresentedObject(identity, id, this.object.type);
  }
}

/** An object of this server on its way to a client. */
export class PresentedObject {
  readonly identity: string;
  readonly id: ObjectId;
  readonly kind: string;

  constructor(identity: string, id: ObjectId, kind: string) {
    this.identity = identity;
    this.id = id;
    this.kind = kind;
  }
}
