import type { Family } from '../memory/family.ts';
import type { Awaited } from './awaited.ts';
import type { WaitList } from './wait-list.ts';

/** The notifiers of this thread that still have to remind. */
const reminding = new Set<Notifier>();
let isExitHeard = false;

/** Wakes one waiter after the other until one comes, because a woken waiter may be stopped or busy for long. See README.md. */
export class Notifier {
  readonly #family: Family;
  readonly #list: WaitList;
  readonly #awaited: Awaited;
  /** The kept word when this notifier began to remind. */
  #kept = 0;

  constructor(family: Family, list: WaitList, awaited: Awaited) {
    this.#family = family;
    this.#list = list;
    this.#awaited = awaited;
  }

  /** Wakes the member that has waited longest. If it does not come, wakes the next one too. */
  notify(): void {
    if (this.#list.notify() && this.#list.hasWaiting) this.remind();
  }

  /** Makes this thread check after a moment whether the woken member, or the member for which the object is kept, has come. */
  remind(): void {
    if (!reminding.has(this)) {
      reminding.add(this);
      this.#kept = this.#awaited.handOver?.kept() ?? 0;
      if (!isExitHeard) process.on('exit', handOnAll);
      isExitHeard = true;
    }
    this.#family.parker.remind(this.#onTime);
  }

  /** This thread will not check again: all waiters are woken, and remind in its place. */
  handOn(): void {
    if (!reminding.delete(this)) return;
    for (const member of this.#list.others()) this.#family.parker.wake(member);
  }

  readonly #onTime = (): void => {
    if (!reminding.delete(this)) return;
    const { handOver } = this.#awaited;
    const kept = handOver?.kept() ?? 0;
    // An object that is kept by another word has its own time.
    if (kept !== 0 && kept !== this.#kept) this.remind();
    else if (kept !== 0) handOver?.reclaim(kept);
    if (this.#list.hasWaiting && this.#awaited.isReady()) this.notify();
  };
}

function handOnAll(): void {
  for (const notifier of reminding) notifier.handOn();
}
