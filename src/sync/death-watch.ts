import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { reclaim } from '../memory/reclaim.ts';

/** Milliseconds until a member that cannot count on being told of a death checks for itself: the first time, and at most. */
const FIRST_LOOK = 250;
const LAST_LOOK = 60_000;

/** The members whose lifelines this thread watches for one wait. It reclaims members that die. */
export class DeathWatch {
  readonly #family: Family;
  /** Each watched member, with the function that is called when it dies. */
  readonly #watched = new Map<number, () => void>();
  /** True if a member lives and cannot be watched: its death will not be reported. */
  isBlind = false;
  #lookTimer: NodeJS.Timeout | undefined;
  #lookIn = FIRST_LOOK;

  constructor(family: Family) {
    this.#family = family;
  }

  /** Watches only these members. Returns true if one of them was dead already, and is reclaimed now. */
  watch(members: readonly number[]): boolean {
    for (const member of this.#watched.keys()) if (!members.includes(member)) this.#unwatch(member);
    this.isBlind = false;
    let dead = false;
    for (const member of members) dead = this.#add(member) || dead;
    return dead;
  }

  stop(): void {
    for (const member of this.#watched.keys()) this.#unwatch(member);
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#lookIn = FIRST_LOOK;
  }

  /** Returns after how many ms to check without being told. The time doubles with each call, until `stop`. */
  nextLook(): number {
    const look = this.#lookIn;
    this.#lookIn = Math.min(look * 2, LAST_LOOK);
    return look;
  }

  /** Calls `look` after that time, because the watched member may be stopped and then reports no death. */
  lookLater(look: () => void): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      look();
    }, this.nextLook()).unref();
  }

  /** Asks the kernel about these members and reclaims those that are dead. */
  reclaimDead(members: readonly number[]): void {
    for (const member of members) this.#reclaimIfDead(member);
  }

  #add(member: number): boolean {
    if (member === 0 || member === this.#family.me || this.#watched.has(member)) return false;
    const onDeath = () => {
      this.#watched.delete(member);
      reclaim(this.#family, member);
      this.#family.parker.schedule();
    };
    try {
      if (this.#family.lifelines.watch(member, onDeath)) {
        this.#watched.set(member, onDeath);
        return false;
      }
    } catch {
      // No descriptor is free, for example: the member may be alive.
    }
    // A member that lives and cannot be watched must not be reclaimed.
    const isDead = this.#reclaimIfDead(member);
    this.isBlind ||= !isDead;
    return isDead;
  }

  #reclaimIfDead(member: number): boolean {
    if (member === 0 || member === this.#family.me || !this.#family.members.isGone(member)) return false;
    reclaim(this.#family, member);
    return true;
  }

  #unwatch(member: number): void {
    this.#family.lifelines.unwatch(member, this.#watched.get(member)!);
    this.#watched.delete(member);
  }
}
