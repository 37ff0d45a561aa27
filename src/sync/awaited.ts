/** What a wait queue must know of the object that members wait for. */
export interface Awaited {
  /** True if another waiter could succeed now. Called when a waiter leaves with a notification that it may not have used. */
  isReady(): boolean;
  /** The members whose death must be noticed: those that own the object and are to release it. */
  owners?(): readonly number[];
  /** The methods of an object that its owner hands to the next, such as a lock. */
  readonly handOff?: HandOff;
  /** True if the member that came last is woken first, and not the one that has waited longest. */
  readonly isLastFirst?: boolean;
  /** True if a wait does not keep the program alive. */
  readonly isBackground?: boolean;
}

/** An object that can be kept for one member while no member owns it. */
interface HandOff {
  /** A waiter has waited long enough: the owner must hand the object over instead of only releasing it. */
  request(): void;
  /** The last waiter of this thread gives up: an object that was handed to this member goes to the next. */
  decline(): void;
  /** Returns the word that keeps the object for another member, or 0 if it is not kept. */
  kept(): number;
  /** Frees an object that `kept` keeps for a member that has not taken it. */
  expire(kept: number): void;
}
