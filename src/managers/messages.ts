/** What clients and server say to each other; each is an array that crosses as one message. See README.md, "Messages". */
import type { Lease } from './lease.ts';

/** Names an object of a server: its number where a member of the server's family made it, text where somebody else did. */
export type ObjectId = number | string;

/** The method that every object has: it answers of what kind it is. */
export const KIND = '@kind';
/** The method of custom objects that can be gone through: it answers an iterator. */
export const ITERATE = '@iterate';

/** What a client says. */
export const say = { CALL: 0, CREATE: 1, CANCEL: 2, RELEASE: 3, CLAIM: 4, BYE: 5 } as const;

export type ClientMessage =
  /** `args` is sealed: an array. */
  | readonly [kind: typeof say.CALL, call: number, id: ObjectId, method: string, args: unknown]
  /** Answered only where the object cannot be named by the client. */
  | readonly [kind: typeof say.CREATE, id: ObjectId, type: string, args: unknown, lease: Lease | undefined]
  /** Nobody waits for the answer any more, but there will be one: what has been done cannot be taken back. */
  | readonly [kind: typeof say.CANCEL, call: number]
  /** Of a client outside of the family: it has let go of an object that it was sent so many times. */
  | readonly [kind: typeof say.RELEASE, id: ObjectId, count: number]
  /** Of a client outside of the family: it has been given an object by somebody else. */
  | readonly [kind: typeof say.CLAIM, id: ObjectId]
  /** It ends as it should: a barrier need not break. */
  | readonly [kind: typeof say.BYE];

/** How a call ended. */
export const ended = { VALUE: 0, ERROR: 1, CANCELLED: 2 } as const;
export type Ended = (typeof ended)[keyof typeof ended];

export type ServerMessage =
  /** `value` is sealed. */
  | readonly [call: number, ended: Ended, value: unknown]
  /** The first one to a client outside of the family: who serves, and the number of this client. */
  | readonly [hello: 0, identity: string, client: number];
