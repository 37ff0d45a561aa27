import type { Family } from '../memory/family.ts';
import type { Awaited } from './awaited.ts';

/** The members that wait for something. */
interface Line {
  /** True if a member waits that was not notified yet. */
  readonly hasWaiting: boolean;
  notify(): void;
  /** Returns all other living members that wait. */
  others(): readonly number[];
}

/** The reminders of this thread that are set, because a woken member has not come yet. */
const set = new Set<Reminder>();
let isExitHeard = false;

/** Checks a moment after a wake-up whether the woken member has come, and wakes the next one if the object is still free. */
export class Reminder {
  readonly #family: Family;
  readonly #line: Line;
  readonly #awaited: Awaited;
  /** The word for which the object was kept when this reminder was set. */
  #kept = 0;
  #isClosed = false;

  constructor(family: Family, line: Line, awaited: Awaited) {
    this.#family = family;
    this.#line = line;
    this.#awaited = awaited;
  }

  /** Makes this thread check after a moment whether the woken member, or the member for which the object is kept, has come. */
  set(): void {
    if (this.#isClosed) return;
    if (!set.has(this)) {
      set.add(this);
      this.#kept = this.#awaited.handOff?.kept() ?? 0;
      if (!isExitHeard) process.on('exit', handOnAll);
      isExitHeard = true;
    }
    this.#family.parker.remind(this.#onTime);
  }

  readonly #onTime = (): void => {
    if (!set.delete(this)) return;
    const { handOff } = this.#awaited;
    const kept = handOff?.kept() ?? 0;
    // An object that is kept by another word has its own time.
    if (kept !== 0 && kept !== this.#kept) this.set();
    else if (kept !== 0) handOff?.expire(kept);
    if (this.#line.hasWaiting && this.#awaited.isReady()) this.#line.notify();
  };

  /** This thread will not check again: wakes all waiters, which check in its place. */
  handOn(): void {
    if (!set.delete(this)) return;
    for (const member of this.#line.others()) this.#family.parker.wake(member);
  }

  /** Ends the use of the line by this thread. */
  close(): void {
    this.#isClosed = true;
    this.handOn();
  }
}

function handOnAll(): void {
  for (const reminder of set) reminder.handOn();
}
