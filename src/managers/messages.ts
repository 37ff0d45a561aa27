/** The messages between clients and server; each is an array that is sent as one message. See README.md, "Messages". */
import type { Lease } from './lease.ts';

/** Names an object of a server: a number if a member of the server's family made the object, a text if another client did. */
export type ObjectId = number | string;

/** The method that every object has: it returns the kind of the object. */
export const KIND = '@kind';
/** The method of iterable custom objects: it returns an iterator. */
export const ITERATE = '@iterate';

/** The kinds of messages of a client. */
export const say = { CALL: 0, CREATE: 1, CANCEL: 2, RELEASE: 3, CLAIM: 4, BYE: 5 } as const;

export type ClientMessage =
  /** `args` is opaque: an array. */
  | readonly [kind: typeof say.CALL, call: number, id: ObjectId, method: string, args: unknown]
  /** The server replies only if the client cannot name the object. */
  | readonly [kind: typeof say.CREATE, id: ObjectId, type: string, args: unknown, lease: Lease | undefined]
  /** The caller does not wait for the reply any more, but there will be one: work that is done cannot be undone. */
  | readonly [kind: typeof say.CANCEL, call: number]
  /** From a client outside the family: it has released an object that it was sent `count` times. */
  | readonly [kind: typeof say.RELEASE, id: ObjectId, count: number]
  /** From a client outside the family: it has received an object from another client. */
  | readonly [kind: typeof say.CLAIM, id: ObjectId]
  /** The client ends in order: a barrier need not break. */
  | readonly [kind: typeof say.BYE];

/** How a call ended. */
export const ended = { VALUE: 0, ERROR: 1, CANCELLED: 2 } as const;
export type Ended = (typeof ended)[keyof typeof ended];

export type ServerMessage =
  /** `value` is opaque; of a cancelled `putMany` it is the number of items that are in. */
  | readonly [call: number, ended: Ended, value: unknown]
  /** The first message to a client outside the family: the identity of the server, and the number of this client. */
  | readonly [hello: 0, identity: string, client: number];
