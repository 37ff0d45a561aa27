import type { Pipes } from '../platform/pipes.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/**
 * A reserved descriptor. A thread that may open no more descriptors can give it up to check another member: otherwise it could wake no
 * member and see no death.
 */
export class SpareDescriptor {
  readonly #pipes: Pipes;
  readonly #descriptors: ThreadDescriptors;
  /** A descriptor that stays open: the reserved one is another of the same file. */
  readonly #origin: number;
  #fd = -1;

  constructor(pipes: Pipes, descriptors: ThreadDescriptors, origin: number) {
    this.#pipes = pipes;
    this.#descriptors = descriptors;
    this.#origin = origin;
    this.#take();
  }

  /**
   * Frees the reserved descriptor, calls `look`, which needs one, and reserves it again. Another thread may take the descriptor first:
   * then the check fails, as it did before.
   */
  lend<T>(look: () => T): T {
    if (this.#fd !== -1) this.#descriptors.close(this.#fd);
    this.#fd = -1;
    try {
      return look();
    } finally {
      this.#take();
    }
  }

  #take(): void {
    this.#fd = this.#pipes.duplicate(this.#origin);
    if (this.#fd !== -1) this.#descriptors.opened(this.#fd);
  }
}
