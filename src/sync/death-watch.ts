import type { Family } from '../memory/family.ts';

/** The members whose lifelines this thread watches for one wait. It buries members that die. */
export class DeathWatch {
  readonly #family: Family;
  /** Each watched member, with the function that is called when it dies. */
  readonly #watched = new Map<number, () => void>();
  /** True if a member lives and cannot be watched: its death will not be reported. */
  isBlind = false;

  constructor(family: Family) {
    this.#family = family;
  }

  /** Watches only these members. Returns true if one of them was dead already, and is buried now. */
  watch(members: readonly number[]): boolean {
    for (const member of this.#watched.keys()) if (!members.includes(member)) this.#unwatch(member);
    this.isBlind = false;
    let dead = false;
    for (const member of members) dead = this.#add(member) || dead;
    return dead;
  }

  stop(): void {
    for (const member of this.#watched.keys()) this.#unwatch(member);
  }

  /** Asks the kernel about these members and buries those that are dead. */
  buryDead(members: readonly number[]): void {
    for (const member of members) this.#buryIfDead(member);
  }

  #add(member: number): boolean {
    if (member === 0 || member === this.#family.me || this.#watched.has(member)) return false;
    const onDeath = () => {
      this.#watched.delete(member);
      this.#family.bury(member);
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
    // A member that lives and cannot be watched must not be buried.
    const isDead = this.#buryIfDead(member);
    this.isBlind ||= !isDead;
    return isDead;
  }

  #buryIfDead(member: number): boolean {
    if (member === 0 || member === this.#family.me || !this.#family.members.isGone(member)) return false;
    this.#family.bury(member);
    return true;
  }

  #unwatch(member: number): void {
    this.#family.lifelines.unwatch(member, this.#watched.get(member)!);
    this.#watched.delete(member);
  }
}
