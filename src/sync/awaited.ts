/** What a wait queue must know of the thing that is waited for. */
export interface Awaited {
  /** True if another waiter could succeed now: asked when one leaves with a notification that it may not have used up. */
  isReady(): boolean;
  /** The members whose death must not pass unseen: those who have the thing and are to let go of it. */
  owners?(): readonly number[];
  /** What a thing that an owner hands on, as a lock, knows besides. */
  readonly handOver?: HandOver;
  /** True where waiting does not keep the program alive. */
  readonly isBackground?: boolean;
}

/** A thing that may be kept for one member, while nobody has it. */
export interface HandOver {
  /** A waiter has waited long enough: the owner shall hand it over, not just let go. */
  insist(): void;
  /** The last waiter of this thread gives up: what was handed to this member goes on to the next. */
  decline(): void;
  /** The word that keeps the thing for another member, 0 where nothing is kept that could be had. */
  kept(): number;
  /** What this word keeps for a member that has not come so far becomes free again. */
  reclaim(kept: number): void;
}
