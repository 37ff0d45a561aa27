import type { Child } from './child-process.ts';

/** Something that becomes ready once, or again and again, and that `wait()` can wait for. */
export interface Waitable {
  /** True if there is something to have now. */
  isReady(): boolean;
  /** Calls back when it may have become ready; the answer stops that. */
  onReady(callback: () => void): () => void;
}

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
