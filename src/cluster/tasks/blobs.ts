import { AuthenticationError, ClusterError } from '../../contracts/errors.ts';
import type { Redis } from '../redis.ts';
import { flag, says } from '../script-values.ts';
import { BLOB } from '../scripts/blob.ts';
import type { Seal } from '../seal.ts';
import { keptFor } from './outlive.ts';
import { blobKey, place, type TaskKeys } from './task-keys.ts';

/** The largest number of bytes of an argument list or an outcome within the message of its job. A larger one is a blob. */
export const LARGEST_WITHIN = 64 * 1024;
/** Bytes of one part: a server and a connection that are busy with a part delay other messages only for a moment. */
const PART = 2 ** 20;

/** What blobs are read and written with. */
interface BlobServer {
  readonly redis: Redis;
  readonly seal: Seal;
}

/** Argument lists and outcomes of one pool that are too large for its messages: they stand beside the messages, in sealed parts. See ../README.md, "Blobs". */
export class Blobs {
  readonly #server: BlobServer;
  readonly #pool: string;
  readonly #names: TaskKeys;
  /** Milliseconds for which a blob stays unless `keep` is called. */
  readonly #time: number;

  constructor(server: BlobServer, pool: string, names: TaskKeys, lease: number) {
    this.#server = server;
    this.#pool = pool;
    this.#names = names;
    this.#time = keptFor(lease);
  }

  /** Writes an argument list; stops if it is not wanted any more. Rejects with `ERR_FULL` if the server is full. */
  async writeInput(id: string, bytes: Uint8Array, isWanted: () => boolean): Promise<void> {
    await this.#write(id, bytes, isWanted);
  }

  /** Writes an outcome, even into a full server, because its arguments can go then. Resolves to false if the pool has ended. */
  async writeOutcome(id: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#write(id, bytes);
  }

  /** Resolves to the bytes of a blob. Rejects with `ERR_DATA_LOST` if a part is missing, with an `AuthenticationError` if one was changed. */
  async read(id: string, size: number): Promise<Uint8Array> {
    const { redis, seal } = this.#server;
    const bytes = new Uint8Array(size);
    for (let at = 0, part = 0; at < size; part++) {
      const sealed = (await redis.command('HGET', blobKey(this.#names, id), String(part))) as Buffer | null;
      if (sealed === null) throw new ClusterError(LOST, 'ERR_DATA_LOST');
      const opened = seal.open(sealed, place.blob(this.#pool, id, part));
      if (opened.length !== Math.min(PART, size - at)) throw new AuthenticationError(OTHER_SIZE);
      bytes.set(opened, at);
      at += opened.length;
    }
    return bytes;
  }

  /** Extends the time of a blob. */
  async keep(id: string): Promise<void> {
    await this.#server.redis.command('PEXPIRE', blobKey(this.#names, id), String(this.#time));
  }

  /** Removes a blob. If the server cannot be reached, the blob expires. */
  async remove(id: string): Promise<void> {
    const { redis } = this.#server;
    await Promise.all([
      redis.command('UNLINK', blobKey(this.#names, id)),
      redis.command('SREM', this.#names.blobs, id),
    ]);
  }

  async #write(id: string, bytes: Uint8Array, isWanted?: () => boolean): Promise<boolean> {
    const { redis, seal } = this.#server;
    const { blobs, pool } = this.#names;
    const keys = [blobKey(this.#names, id), blobs, pool];
    const isInput = isWanted !== undefined;
    const last = [id, String(this.#time), flag(!isInput)];
    // One after the other: messages of other tasks go in between.
    for (let at = 0, part = 0; at < bytes.length; at += PART, part++) {
      if (isWanted?.() === false) return false;
      const sealed = seal.seal(bytes.subarray(at, at + PART), place.blob(this.#pool, id, part));
      const args = [String(part), sealed, ...last];
      if (says(await redis.run({ name: 'mpBlob', text: BLOB }, keys, args, isInput), 'GONE')) return false;
    }
    return true;
  }
}

const LOST =
  'The Redis server has lost a part of a large argument or result: it was restarted without its data, or the part was removed. Submit the task again.';
const OTHER_SIZE = 'A part of a large argument or result has another size than its message says. It was not decoded.';
