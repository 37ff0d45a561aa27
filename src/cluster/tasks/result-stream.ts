import { setImmediate, setTimeout } from '../../engine/builtins.ts';
import { pause } from '../../waits/timer.ts';
import type { Redis } from '../redis.ts';
import type { Client } from '../redis-client.ts';

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];
/** `accepted` are the indices of the results that count, if not all do. */
type OnResult = (job: string, sealed: Uint8Array, accepted: ReadonlySet<number> | undefined) => void;

/** Milliseconds for which the server waits for a result before it replies, and after which a failed read is repeated. */
const WAIT = 2000;
const AGAIN = 200;
/** Milliseconds between two trims of the stream. */
const TRIM = 100;

/** Reads the results of one pool, in their order, each once. */
export class ResultStream {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #onResult: OnResult;
  readonly #client: Client;
  #cursor = '0-0';
  #hasBegun = false;
  #isClosed = false;
  #isTrimming = false;

  constructor(redis: Redis, key: string, onResult: OnResult) {
    this.#redis = redis;
    this.#key = key;
    this.#onResult = onResult;
    this.#client = redis.another();
  }

  /** Begins to read. May be called again after the server has lost the stream. */
  async begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    void this.#readOn();
  }

  /** Reads the results that are in the server now. */
  async readNow(): Promise<void> {
    const entries = (await this.#redis.command('XRANGE', this.#key, `(${this.#cursor}`, '+')) as Entry[];
    this.#take(entries);
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
  }

  async #readOn(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const found = await this.#client.callBuffer('XREAD', 'BLOCK', String(WAIT), 'STREAMS', this.#key, this.#cursor);
        // The name of the stream and its entries: a pair or a list of one pair, depending on the protocol's version.
        const [name, entries] = (found ?? []) as [Buffer | [Buffer, Entry[]], Entry[]?];
        if (name === undefined) continue;
        this.#take(entries ?? (name as [Buffer, Entry[]])[1]);
        // The program hears of the results before the server is asked for more: each of these takes as long as the other.
        await new Promise<void>((resolve) => void setImmediate(resolve));
      } catch {
        await pause(AGAIN);
      }
    }
  }

  #take(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    for (const [id, [job, sealed, , accepted]] of entries) {
      if (!isLater(id.toString(), this.#cursor)) continue;
      this.#cursor = id.toString();
      if (job === undefined || sealed === undefined) continue;
      this.#onResult(job.toString(), sealed, accepted && new Set(accepted.toString().split(' ').map(Number)));
    }
    this.#trimSoon();
  }

  /** Removes read entries now and then: they only cost memory of the server. */
  #trimSoon(): void {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    setTimeout(() => {
      this.#isTrimming = false;
      if (this.#isClosed) return;
      this.#redis.command('XTRIM', this.#key, 'MINID', '=', nextOf(this.#cursor)).catch(() => {});
    }, TRIM).unref();
  }
}

function isLater(id: string, other: string): boolean {
  const [ms, n] = id.split('-') as [string, string];
  const [otherMs, otherN] = other.split('-') as [string, string];
  return ms === otherMs ? isGreater(n, otherN) : isGreater(ms, otherMs);
}

/** Compares whole numbers of any size as texts: that takes less time. */
function isGreater(number: string, other: string): boolean {
  return number.length === other.length ? number > other : number.length > other.length;
}

function nextOf(id: string): string {
  const [ms, n] = id.split('-') as [string, string];
  return `${ms}-${BigInt(n) + 1n}`;
}
