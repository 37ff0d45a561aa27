import type { Lives } from './lives.ts';
import { field, type Members } from './members.ts';
import type { Lifelines } from './signals.ts';

/** A member whose death this thread waits for. */
interface Watch {
  readonly life: number;
  readonly callbacks: Set<() => void>;
  /** For a child of this thread: finds out how it has ended, and calls `ended`. */
  readonly findOut?: () => void;
}

/** Reports the death of other threads: each has a word, and sleepers are woken when one of these words changes. */
export class WordLifelines implements Lifelines {
  readonly #lives: Lives;
  readonly #members: Members;
  readonly #me: number;
  readonly #onWatch: (life: number, isChild: boolean) => void;
  readonly #watches = new Map<number, Watch>();

  /** `onWatch` is called before a member is watched: from then on its death must be seen, and the event loop hear of it. It may throw: the member is not watched then. */
  constructor(lives: Lives, members: Members, me: number, onWatch: (life: number, isChild: boolean) => void) {
    this.#lives = lives;
    this.#members = members;
    this.#me = me;
    this.#onWatch = onWatch;
  }

  watch(member: number, callback: () => void): boolean {
    let watch = this.#watches.get(member);
    if (watch === undefined) {
      const life = this.#members.get(member, field.startTime);
      // Only now is it certain that the word read does not belong to a later member in the same record. A member that has not joined owns
      // nothing.
      if (this.#members.isKnownGone(member)) return false;
      if (life === 0) return true;
      watch = this.#add(member, { life, callbacks: new Set() });
    }
    watch.callbacks.add(callback);
    if (!this.#lives.hasEnded(watch.life)) return true;
    watch.callbacks.delete(callback);
    return false;
  }

  /** Watches a child, whose number its starter knows. */
  adopt(member: number, life: number, findOut: () => void): void {
    this.#add(member, { life, callbacks: new Set(), findOut });
  }

  unwatch(member: number, callback: () => void): void {
    const watch = this.#watches.get(member);
    watch?.callbacks.delete(callback);
    if (watch?.findOut === undefined && watch?.callbacks.size === 0) this.#delete(member);
  }

  ended(member: number): void {
    const watch = this.#watches.get(member);
    if (watch === undefined) return;
    this.#delete(member);
    for (const callback of watch.callbacks) callback();
  }

  lookAt(member: number): void {
    const watch = this.#watches.get(member);
    if (watch !== undefined && this.#lives.hasEnded(watch.life)) this.#tell(member, watch);
  }

  /** Checks all; returns true if one has ended and its watchers have been told. */
  lookAtAll(): boolean {
    let some = false;
    for (const [member, watch] of this.#watches) {
      if (!this.#lives.hasEnded(watch.life)) continue;
      some = true;
      this.#tell(member, watch);
    }
    return some;
  }

  /** True while it watches a child of this thread: its end is told to the event loop of this thread, or by a watcher. */
  get hasChildren(): boolean {
    for (const { findOut } of this.#watches.values()) if (findOut !== undefined) return true;
    return false;
  }

  #add(member: number, watch: Watch): Watch {
    this.#onWatch(watch.life, watch.findOut !== undefined);
    this.#watches.set(member, watch);
    // SYNC(life): either this thread is told of an end from here on, or its next check finds it.
    this.#members.set(this.#me, field.watches, 1);
    return watch;
  }

  #delete(member: number): void {
    this.#watches.delete(member);
    if (this.#watches.size === 0) this.#members.set(this.#me, field.watches, 0);
  }

  #tell(member: number, { findOut }: Watch): void {
    if (findOut === undefined) this.ended(member);
    else findOut();
  }
}
