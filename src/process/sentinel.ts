import type { Waitable } from '../sync/waitable.ts';
import type { Child } from './child-process.ts';

/** Ready from the end of a process on. */
export class Sentinel implements Waitable {
  readonly #child: Child;

  /** @internal */
  constructor(child: Child) {
    this.#child = child;
  }

  isReady(): boolean {
    return this.#child.exitCode !== null;
  }

  onReady(callback: () => void): () => void {
    return this.#child.onExit(() => callback());
  }
}
