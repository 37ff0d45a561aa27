import { family } from '../memory/family.ts';
import { layout } from '../memory/layout.ts';

const KEY_BYTES = 32;

/** Returns the key that all members of the family have, made at its first use: for managers without a key of their own. */
export function familyKey(): Uint8Array {
  const bytes = family()
    .heap.octets(layout.key)
    .subarray(layout.key, layout.key + KEY_BYTES + 1);
  return family()
    .section(layout.keySection)
    .run(() => {
      if (bytes[KEY_BYTES] === 0) {
        bytes.set(process.getBuiltinModule('node:crypto').randomBytes(KEY_BYTES));
        // This store comes last: a death before it leaves no half of a key.
        bytes[KEY_BYTES] = 1;
      }
      return bytes.slice(0, KEY_BYTES);
    });
}
