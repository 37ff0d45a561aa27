import type { Pipes } from '../platform/pipes.ts';
import type { ThreadDescriptors } from './thread-descriptors.ts';

/**
 * A descriptor that stands for nothing, kept so that a thread which may open no more can give it up for a look at somebody else:
 * without it nobody could be woken, and nobody's death be seen.
 */
export class SpareDescriptor {
  readonly #pipes: Pipes;
  readonly #descriptors: ThreadDescriptors;
  /** Any descriptor that stays open: the one in reserve is another of the same file. */
  readonly #origin: number;
  #fd = -1;

  constructor(pipes: Pipes, descriptors: ThreadDescriptors, origin: number) {
    this.#pipes = pipes;
    this.#descriptors = descriptors;
    this.#origin = origin;
    this.#take();
  }

  /** Calls what needs one free descriptor, and closes it again. Another thread may be quicker to take it: then the look fails, as it did before. */
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
