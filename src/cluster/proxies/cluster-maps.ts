import type { Reach } from '../../codec/extension.ts';
import { DictProxy } from '../../managers/proxies/dict-proxy.ts';
import { ValueProxy } from '../../managers/proxies/value-proxies.ts';
import { entriesOf } from '../../managers/served/entries-of.ts';
import { updated } from '../../managers/served/update.ts';
import { packValue, unpackValue } from '../packed.ts';
import type { PackedEntry, Replacement, Seen } from '../served/cluster-map.ts';
import { type Call, type CallPacked, packedKinds, packing } from './packing.ts';

/** Returns a key as bytes. Equal keys must have equal bytes: as in a `Map`, all NaN are one key, and so are 0 and -0. */
function packKey(key: unknown, far: Reach): Uint8Array {
  if (typeof key === 'function' || typeof key === 'symbol') {
    throw new TypeError(`A ${typeof key} cannot be a key of a cluster's dict: use a string, a number or a bigint.`);
  }
  // One bit pattern for all NaN; 0 + -0 is 0.
  return packValue(typeof key === 'number' ? (Number.isNaN(key) ? Number.NaN : key + 0) : key, 'key', far);
}

/** Returns pairs as bytes. */
export function packEntries(init: unknown, far: Reach): PackedEntry[] {
  return [...entriesOf(init)].map(([key, value], i) => [packKey(key, far), packValue(value, `value ${i}`, far)]);
}

/** Replaces the value that was seen, again and again until no other program has replaced it meanwhile. */
async function updateHere(
  seen: Seen,
  fn: unknown,
  replace: (value: Uint8Array, mark: string) => Promise<Replacement>,
  far: Reach,
): Promise<unknown> {
  for (let now = seen; ; ) {
    const value = updated(fn, unpackIfAny(now.value, far));
    const reply = await replace(packValue(value, 'value', far), now.mark);
    if (reply.isDone) return value;
    now = reply.now;
  }
}

function unpackIfAny(bytes: unknown, far: Reach): unknown {
  return bytes === undefined ? undefined : unpackValue(bytes as Uint8Array, far);
}

/** Calls a method of a dict. Keys and values are packed in this process, and the function of an update runs here. */
const callDict: CallPacked = async (call, far, method, args) => {
  const [first, second] = args;
  switch (method) {
    case 'get':
    case 'pop':
      return unpackIfAny(await call(method, [packKey(first, far)]), far);
    case 'has':
    case 'delete':
      return call(method, [packKey(first, far)]);
    case 'set':
      return call(method, [packKey(first, far), packValue(second, 'value', far)]);
    case 'assign':
      return call(method, [packEntries(first, far)]);
    case 'update': {
      const key = packKey(first, far);
      const seen = await call<Seen>('see', [key]);
      return updateHere(seen, second, (value, mark) => call('replace', [key, value, mark]), far);
    }
    case 'setDefault': {
      const set = [packKey(first, far), packValue(second, 'value', far), ''];
      const { isDone, now } = await call<Replacement>('replace', set);
      return isDone ? second : unpackIfAny(now.value, far);
    }
    case 'keys':
      return (await call<PackedEntry[]>('entries')).map(([key]) => unpackValue(key, far));
    case 'values':
      return (await call<PackedEntry[]>('entries')).map(([, value]) => unpackValue(value, far));
    case 'entries':
      return pairs(call, far);
    case 'copy':
      return new Map(await pairs(call, far));
    default:
      return call(method, args);
  }
};

async function pairs(call: Call, far: Reach): Promise<[unknown, unknown][]> {
  return (await call<PackedEntry[]>('entries')).map(([key, value]) => [unpackValue(key, far), unpackValue(value, far)]);
}

/** Calls a method of a value, which is packed in this process; the function of an update runs here. */
const callValue: CallPacked = async (call, far, method, args) => {
  const [first] = args;
  switch (method) {
    case 'get':
      return unpackIfAny(await call(method), far);
    case 'set':
      return call(method, [packValue(first, 'value', far)]);
    case 'update': {
      const seen = await call<Seen>('see');
      return updateHere(seen, first, (value, mark) => call('replace', [value, mark]), far);
    }
    default:
      return call(method, args);
  }
};

class ClusterDict extends packing(DictProxy, callDict) {}

class ClusterValue extends packing(ValueProxy, callValue) {}

/** The functions that make the proxies of dicts and values, by their kinds. */
export const mapKinds = packedKinds({ dict: ClusterDict, value: ClusterValue });
