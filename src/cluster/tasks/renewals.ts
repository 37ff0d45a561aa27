import { clock } from '../../engine/builtins.ts';

/** The part of a lease within which the last renewal was, unless the server or this process was away. */
const RECENT = 2 / 3;

/** Renews the lease of a pool, and then tends to what else the server has of it. However long that takes, the next renewal comes in time. */
export class Renewals {
  readonly #keep: () => Promise<boolean>;
  readonly #tend: (hasLost: boolean) => Promise<void>;
  #keeping: Promise<void> | undefined;
  #tending: Promise<void> | undefined;
  /** The server had lost the pool, and the tending does not know of it yet. */
  #hasLost = false;
  #renewed = clock();

  /** `keep` resolves to false if the server had lost the pool. `tend` is told so. */
  constructor(keep: () => Promise<boolean>, tend: (hasLost: boolean) => Promise<void>) {
    this.#keep = keep;
    this.#tend = tend;
  }

  /** Resolves when the lease is renewed, or could not be. */
  renew(): Promise<void> {
    this.#keeping ??= this.#renew()
      .catch(() => {})
      .finally(() => {
        this.#keeping = undefined;
      });
    return this.#keeping;
  }

  /** True unless the last renewal of this lease is late. */
  isRecent(lease: number): boolean {
    return clock() - this.#renewed < RECENT * lease;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#keeping;
    await this.#tending;
  }

  async #renew(): Promise<void> {
    const at = clock();
    if (!(await this.#keep())) this.#hasLost = true;
    this.#renewed = at;
    if (this.#tending !== undefined) return;
    const hasLost = this.#hasLost;
    this.#hasLost = false;
    this.#tending = this.#tend(hasLost)
      .catch(() => {
        if (hasLost) this.#hasLost = true;
      })
      .finally(() => {
        this.#tending = undefined;
      });
  }
}
