import { type ServedMethods, type ServedObject, serve } from '../../managers/served-object.ts';
import type { ClusterObject } from '../object.ts';
import { assertStorable } from '../payload-too-large.ts';
import type { Reply } from '../redis.ts';

/** A key and its value, as the bytes that a proxy has made of them. */
export type PackedEntry = readonly [key: Uint8Array, value: Uint8Array];

/** The result of a replacement: `isDone`, or the value that another program has set meanwhile. */
export interface Replacement {
  readonly isDone: boolean;
  readonly now: Seen;
}

/** A value as it was seen: its bytes, and a mark by which it is recognized. The bytes are missing, and the mark is empty, if there was no value. */
export interface Seen {
  readonly value: Uint8Array | undefined;
  readonly mark: string;
}

const NONE: Seen = { value: undefined, mark: '' };
/** The key of the only entry of a value. */
const ONLY = new Uint8Array(0);

/** Serves a dict in Redis; see ../README.md, "Dicts and values". `first` fills a new dict. */
export function clusterDict(object: ClusterObject, first: readonly PackedEntry[]): ServedObject {
  const entries = new Entries(object, first);
  const keyed = {
    get: async (_: unknown, key: Uint8Array) => (await entries.see(key)).value,
    see: (_: unknown, key: Uint8Array) => entries.see(key),
    set: (_: unknown, key: Uint8Array, value: Uint8Array) => entries.store([[key, value]]),
    replace: (_: unknown, key: Uint8Array, value: Uint8Array, mark: string) => entries.replace(key, value, mark),
    has: async (_: unknown, key: Uint8Array) => (await entries.about('has', key))[0] === 1,
    delete: async (_: unknown, key: Uint8Array) => (await entries.remove(key)) !== undefined,
    pop: (_: unknown, key: Uint8Array) => entries.remove(key),
    assign: (_: unknown, pairs: readonly PackedEntry[]) => entries.store(pairs),
    clear: async () => void (await entries.run('clear')),
    size: async () => (await entries.run('size'))[0],
    entries: () => entries.all(),
  } satisfies ServedMethods;
  return serve('dict', keyed, () => object.dispose());
}

/** Serves a value in Redis: a dict of one entry. */
export function clusterValue(object: ClusterObject, first: Uint8Array): ServedObject {
  const entries = new Entries(object, [[ONLY, first]]);
  return serve(
    'value',
    {
      get: async () => (await entries.see(ONLY)).value,
      see: () => entries.see(ONLY),
      set: (_, value: Uint8Array) => entries.store([[ONLY, value]]),
      replace: (_, value: Uint8Array, mark: string) => entries.replace(ONLY, value, mark),
    },
    () => object.dispose(),
  );
}

/** The entries of an object, sealed on their way to Redis and opened on the way back. */
class Entries {
  readonly #object: ClusterObject;
  #first: readonly PackedEntry[];
  #filling: Promise<Reply> | undefined;

  constructor(object: ClusterObject, first: readonly PackedEntry[]) {
    this.#object = object;
    this.#first = first;
  }

  /** Runs a step, after the first values are there. */
  async run(op: string, args: readonly (string | Uint8Array)[] = [], grows = false): Promise<Reply> {
    this.#filling ??= this.#fill();
    await this.#filling;
    return this.#object.run(op, args, grows);
  }

  /** Runs a step about a key. */
  async about(op: string, key: Uint8Array): Promise<Reply> {
    return this.run(op, [await this.#digest(key)]);
  }

  async see(key: Uint8Array): Promise<Seen> {
    const digest = await this.#digest(key);
    return this.#opened(digest, (await this.run('get', [digest]))[1] as Buffer | null);
  }

  async store(pairs: readonly PackedEntry[]): Promise<void> {
    await this.run('set', await this.#sealed(pairs), true);
  }

  async replace(key: Uint8Array, value: Uint8Array, mark: string): Promise<Replacement> {
    const sealed = await this.#sealed([[key, value]]);
    const reply = await this.run('replace', [...sealed, String(mark)], true);
    if (String(reply[0]) === 'OK') return { isDone: true, now: NONE };
    return { isDone: false, now: this.#opened(sealed[0]!, reply[1] as Buffer | null) };
  }

  /** Takes an entry out; returns its value. */
  async remove(key: Uint8Array): Promise<Uint8Array | undefined> {
    const digest = await this.#digest(key);
    return this.#opened(digest, (await this.run('remove', [digest]))[1] as Buffer | null).value;
  }

  async all(): Promise<PackedEntry[]> {
    const { seal } = this.#object.gateway;
    const reply = (await this.run('entries')) as readonly Buffer[];
    const found: PackedEntry[] = [];
    for (let i = 0; i < reply.length; i += 3) {
      const digest = reply[i]!;
      found.push([seal.open(reply[i + 1]!, this.#place('key', digest)), this.#opened(digest, reply[i + 2]!).value!]);
    }
    return found;
  }

  async #fill(): Promise<Reply> {
    try {
      const reply = await this.#object.run('fill', await this.#sealed(this.#first), true);
      this.#first = [];
      return reply;
    } catch (error) {
      // A server that is full, say, may have room for the next call.
      this.#filling = undefined;
      throw error;
    }
  }

  /** Digest, sealed key and sealed value of each pair, one behind the other. */
  async #sealed(pairs: readonly PackedEntry[]): Promise<Uint8Array[]> {
    const { seal, maxPayload } = this.#object.gateway;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (const [key, value] of pairs) {
      if (!(value instanceof Uint8Array)) throw new TypeError('A value comes as bytes.');
      bytes += key.length + value.length;
      assertStorable(pairs.length === 1 ? 'A value with its key' : 'The entries of one call', bytes, maxPayload);
      const digest = await this.#digest(key);
      parts.push(digest, seal.seal(key, this.#place('key', digest)), seal.seal(value, this.#place('value', digest)));
    }
    return parts;
  }

  #opened(digest: Uint8Array, sealed: Buffer | null): Seen {
    if (sealed === null) return NONE;
    const value = this.#object.gateway.seal.open(sealed, this.#place('value', digest));
    return { value, mark: markOf(sealed) };
  }

  /** Returns the digest that stands for a key in Redis. The object must be open: the key of its maker makes the digest. */
  async #digest(key: Uint8Array): Promise<Buffer> {
    if (!(key instanceof Uint8Array)) throw new TypeError('A key comes as bytes.');
    await this.#object.opened();
    return this.#object.gateway.seal.digest(key, this.#object.print);
  }

  /** Returns the place of a sealed key or value: it opens only under its digest. */
  #place(part: 'key' | 'value', digest: Uint8Array): string {
    return `${this.#object.place}|${part}|${Buffer.from(digest).toString('base64')}`;
  }
}

/** Returns the mark of a sealed value, as the script makes it too. */
function markOf(sealed: Uint8Array): string {
  return process.getBuiltinModule('node:crypto').createHash('sha1').update(sealed).digest('hex');
}
