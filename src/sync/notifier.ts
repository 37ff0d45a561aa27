import type { Family } from '../memory/family.ts';
import type { Awaited } from './awaited.ts';
import type { WaitList } from './wait-list.ts';

/** Those of this thread that still have to remind. */
const reminding = new Set<Notifier>();
let isExitHeard = false;

/** Wakes one after the other of those who wait until one comes: who was woken may be stopped, or busy for long. See README.md. */
export class Notifier {
  readonly #family: Family;
  readonly #list: WaitList;
  readonly #awaited: Awaited;
  /** What was kept for a member when this began to remind. */
  #kept = 0;

  constructor(family: Family, list: WaitList, awaited: Awaited) {
    this.#family = family;
    this.#list = list;
    this.#awaited = awaited;
  }

  /** Wakes the one who has waited longest, and the next one too if that comes to nothing. */
  notify(): void {
    if (this.#list.notify() && this.#list.hasWaiting) this.remind();
  }

  /** Has this thread look after a moment whether the one that was woken, or for which something is kept, has come. */
  remind(): void {
    if (!reminding.has(this)) {
      reminding.add(this);
      this.#kept = this.#awaited.handOver?.kept() ?? 0;
      if (!isExitHeard) process.on('exit', handOnAll);
      isExitHeard = true;
    }
    this.#family.parker.remind(this.#onTime);
  }

  /** This thread will not look again: all who wait look now, and remind in its place. */
  handOn(): void {
    if (!reminding.delete(this)) return;
    for (const member of this.#list.others()) this.#family.parker.wake(member);
  }

  readonly #onTime = (): void => {
    if (!reminding.delete(this)) return;
    const { handOver } = this.#awaited;
    const kept = handOver?.kept() ?? 0;
    // Kept by another word, it has its own time.
    if (kept !== 0 && kept !== this.#kept) this.remind();
    else if (kept !== 0) handOver?.reclaim(kept);
    if (this.#list.hasWaiting && this.#awaited.isReady()) this.notify();
  };
}

function handOnAll(): void {
  for (const notifier of reminding) notifier.handOn();
}
