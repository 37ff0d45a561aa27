import type { ObjectId } from './messages.ts';

/** A client of a server, as the objects that it uses see it. */
export interface Client {
  /** True when the client is gone. */
  readonly hasEnded: boolean;
  /** True when the client is gone, even if its session has not noticed yet. */
  readonly isDead: boolean;
  /** True if the client is a member of the server's family. */
  readonly isNear: boolean;
  /** Calls `callback` when the client is gone, with whether it ended in order. Returns a function that cancels this. */
  onEnd(callback: (orderly: boolean) => void): () => void;
  /** Counts that a client outside the family is given an object. */
  give(id: ObjectId): void;
  /** Counts that the client has released an object that it was given `count` times. */
  takeBack(id: ObjectId, count: number): void;
}
