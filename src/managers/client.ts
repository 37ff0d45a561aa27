import type { ObjectId } from './messages.ts';

/** A client of a server, as the objects see it that it uses. */
export interface Client {
  /** True when it is gone. */
  readonly hasEnded: boolean;
  /** True when it is gone, also if its session has not come to see that. */
  readonly isDead: boolean;
  /** Whether it is a member of the server's family. */
  readonly isNear: boolean;
  /** Calls back when it is gone, saying whether it ended as it should; the answer stops that. */
  onEnd(callback: (orderly: boolean) => void): () => void;
  /** Counts that one outside of the family is given an object. */
  give(id: ObjectId): void;
  /** Counts that it has let go of what it was given so many times. */
  takeBack(id: ObjectId, count: number): void;
}
