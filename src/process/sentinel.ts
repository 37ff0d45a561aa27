import { staysHere } from '../contracts/stays-here.ts';
import type { Waitable } from '../sync/waitable.ts';
import type { Runner } from './runner.ts';

/** Becomes ready when its process has ended, and stays so. */
export class Sentinel implements Waitable {
  readonly #child: Runner;

  /** @internal */
  constructor(child: Runner) {
    this.#child = child;
  }

  isReady(): boolean {
    return this.#child.exitCode !== null;
  }

  onReady(callback: () => void): () => void {
    return this.#child.onExit(() => callback());
  }
}

staysHere(Sentinel, 'send the pid');
