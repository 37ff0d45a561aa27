import type { Gateway } from '../gateway.ts';
import { place } from '../tasks/task-keys.ts';

/** Returns the key of a sealed file. */
export const fileKey = (namespace: string, hash: string) => `mp:${namespace}:b:${hash}`;

/** Keeps the files of a program in the server, in its gateway. See ../README.md, "Code". */
export class CodeShelf {
  readonly #gateway: Gateway;
  readonly #files = new Map<string, Uint8Array>();
  readonly #writing = new Set<Promise<void>>();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Adds a file. If it cannot be written, the task that needs it fails on its host. */
  add(hash: string, bytes: Uint8Array): void {
    this.#files.set(hash, bytes);
    const writing = this.#keep(hash, bytes)
      .catch(() => {})
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Resolves when the added files are in the server. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  /** Renews the leases of all files, and writes files again that the server has lost. */
  async renew(): Promise<void> {
    await Promise.all([...this.#files].map(([hash, bytes]) => this.#keep(hash, bytes)));
  }

  async #keep(hash: string, bytes: Uint8Array): Promise<void> {
    const { redis, namespace, lease, seal } = this.#gateway;
    const key = fileKey(namespace, hash);
    const isThere = await redis.command('PEXPIRE', key, String(lease), 'GT');
    if (isThere === 1 || (await redis.command('EXISTS', key)) === 1) return;
    await redis.command('SET', key, seal.seal(bytes, place.file(hash)), 'PX', String(lease));
  }
}
