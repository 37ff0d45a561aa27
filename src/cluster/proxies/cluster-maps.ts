import { type Reach, reach } from '../../codec/extension.ts';
import { DictProxy } from '../../managers/proxies/dict-proxy.ts';
import { ValueProxy } from '../../managers/proxies/value-proxies.ts';
import type { BaseProxy } from '../../managers/proxy.ts';
import type { Reference } from '../../managers/reference.ts';
import { entriesOf } from '../../managers/served/entries-of.ts';
import { updated } from '../../managers/served/update.ts';
import { packValue, unpackValue } from '../packed.ts';
import type { PackedEntry, Replacement, Seen } from '../served/cluster-map.ts';

/** A key as bytes. Equal keys must have equal bytes: as in a `Map`, all NaN are one key, and so are 0 and -0. */
function packKey(key: unknown, far: Reach): Uint8Array {
  if (typeof key === 'function' || typeof key === 'symbol') {
    throw new TypeError(`A ${typeof key} cannot be a key of a cluster's dict: use a string, a number or a bigint.`);
  }
  // One bit pattern for all NaN; 0 + -0 is 0.
  return packValue(typeof key === 'number' ? (Number.isNaN(key) ? Number.NaN : key + 0) : key, 'key', far);
}

/** Pairs as bytes. */
export function packEntries(init: unknown, far: Reach): PackedEntry[] {
  return [...entriesOf(init)].map(([key, value], i) => [packKey(key, far), packValue(value, `value ${i}`, far)]);
}

/** Replaces the value that was seen, again and again until nobody else has replaced it meanwhile. */
async function updateHere(
  seen: Seen,
  fn: unknown,
  replace: (value: Uint8Array, mark: string) => Promise<unknown>,
  far: Reach,
): Promise<unknown> {
  for (let now = seen; ; ) {
    const value = updated(fn, unpackIfAny(now.value, far));
    const reply = (await replace(packValue(value, 'value', far), now.mark)) as Replacement;
    if (reply.isDone) return value;
    now = reply.now;
  }
}

function unpackIfAny(bytes: unknown, far: Reach): unknown {
  return bytes === undefined ? undefined : unpackValue(bytes as Uint8Array, far);
}

/** A dict of a cluster. Keys and values are packed in this process, and the function of an update runs here. */
class ClusterDict extends DictProxy {
  readonly #far: Reach;

  constructor(reference: Reference, far: Reach) {
    super(reference);
    this.#far = far;
  }

  protected override async call(method: string, args: readonly unknown[] = []): Promise<unknown> {
    const far = this.#far;
    const [first, second] = args;
    switch (method) {
      case 'get':
      case 'pop':
        return unpackIfAny(await super.call(method, [packKey(first, far)]), far);
      case 'has':
      case 'delete':
        return super.call(method, [packKey(first, far)]);
      case 'set':
        return super.call(method, [packKey(first, far), packValue(second, 'value', far)]);
      case 'assign':
        return super.call(method, [packEntries(first, far)]);
      case 'update':
        return this.#update(packKey(first, far), second);
      case 'setDefault':
        return this.#setDefault(packKey(first, far), second);
      case 'keys':
        return (await this.#all()).map(([key]) => unpackValue(key, far));
      case 'values':
        return (await this.#all()).map(([, value]) => unpackValue(value, far));
      case 'entries':
        return this.#pairs();
      case 'copy':
        return new Map(await this.#pairs());
      default:
        return super.call(method, args);
    }
  }

  async #update(key: Uint8Array, fn: unknown): Promise<unknown> {
    const seen = (await super.call('see', [key])) as Seen;
    return updateHere(seen, fn, (value, mark) => super.call('replace', [key, value, mark]), this.#far);
  }

  async #setDefault(key: Uint8Array, value: unknown): Promise<unknown> {
    const reply = (await super.call('replace', [key, packValue(value, 'value', this.#far), ''])) as Replacement;
    return reply.isDone ? value : unpackIfAny(reply.now.value, this.#far);
  }

  async #all(): Promise<PackedEntry[]> {
    return (await super.call('entries')) as PackedEntry[];
  }

  async #pairs(): Promise<[unknown, unknown][]> {
    return (await this.#all()).map(([key, value]) => [unpackValue(key, this.#far), unpackValue(value, this.#far)]);
  }
}

/** A value of a cluster. It is packed in this process, and the function of an update runs here. */
class ClusterValue extends ValueProxy {
  readonly #far: Reach;

  constructor(reference: Reference, far: Reach) {
    super(reference);
    this.#far = far;
  }

  protected override async call(method: string, args: readonly unknown[] = []): Promise<unknown> {
    const far = this.#far;
    const [first] = args;
    switch (method) {
      case 'get':
        return unpackIfAny(await super.call(method), far);
      case 'set':
        return super.call(method, [packValue(first, 'value', far)]);
      case 'update': {
        const seen = (await super.call('see')) as Seen;
        return updateHere(seen, first, (value, mark) => super.call('replace', [value, mark]), far);
      }
      default:
        return super.call(method, args);
    }
  }
}

/** What stands for dicts and values, by their kinds: those of a cluster without a key may hold data only. */
export const mapKinds: Readonly<Record<string, (reference: Reference) => BaseProxy>> = {
  'cluster:dict': (reference) => new ClusterDict(reference, reach.TRUSTED),
  'cluster:value': (reference) => new ClusterValue(reference, reach.TRUSTED),
  'cluster-open:dict': (reference) => new ClusterDict(reference, reach.ANYBODY),
  'cluster-open:value': (reference) => new ClusterValue(reference, reach.ANYBODY),
};
