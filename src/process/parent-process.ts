import type { WaitOptions } from '../contracts/options.ts';
import { clearInterval } from '../engine/builtins.ts';
import { type Family, family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { awaitEvent } from '../waits/await-event.ts';
import { keepAlive } from '../waits/timer.ts';

/** The process that started this one. */
export class ParentProcess {
  /** The process id of the parent. */
  readonly pid: number;
  /** The name of the parent, such as `MainProcess` or `Process-1`. */
  readonly name: string;
  readonly #family: Family;
  readonly #member: number;

  /** @internal */
  constructor(family: Family, pid: number, name: string) {
    this.#family = family;
    this.#member = family.members.get(family.me, field.parent);
    this.pid = pid;
    this.name = name;
  }

  /** Returns true until the parent has ended. */
  isAlive(): boolean {
    return !this.#family.members.isGone(this.#member);
  }

  /** Waits until the parent has ended. Only a detached process outlives its parent. */
  async join(options?: WaitOptions): Promise<void> {
    // The lifeline alone would not keep this process alive.
    const alive = keepAlive();
    let onDeath = () => {};
    try {
      await awaitEvent((done) => {
        onDeath = done;
        if (!this.#family.lifelines.watch(this.#member, done)) done();
      }, options);
    } finally {
      clearInterval(alive);
      this.#family.lifelines.unwatch(this.#member, onDeath);
    }
  }
}

let parent: ParentProcess | null = null;

/** Sets the parent, in a process that has one. */
export function setParent(pid: number, name: string): void {
  parent = new ParentProcess(family(), pid, name);
}

/**
 * Returns the process that started this one, `null` in the main process.
 *
 * @example
 * ```ts
 * import { parentProcess } from 'multiproc';
 * import assert from 'node:assert';
 *
 * assert.equal(parentProcess(), null);
 * ```
 */
export function parentProcess(): ParentProcess | null {
  return parent;
}
