/**
 * Keys of node:crypto and of WebCrypto, sent within the family: exported by the sender, imported by the receiver. A key does not go through a socket, where
 * others might read it.
 */

import type { KeyObject, webcrypto } from 'node:crypto';
import { types } from '../engine/builtins.ts';
import { type Extension, reach, registerExtension, type ValueReader, type ValueWriter } from './extension.ts';
import { extensionIds } from './extension-ids.ts';
import { importKey } from './key-import.ts';
import { isWithinProcess } from './within-process.ts';

type Key = KeyObject | webcrypto.CryptoKey;
/** What newer Nodes have, from 22.10 on. */
type Convertible = KeyObject & {
  toCryptoKey?(algorithm: unknown, extractable: boolean, usages: readonly string[]): webcrypto.CryptoKey;
};

const classes = ['SecretKeyObject', 'PublicKeyObject', 'PrivateKeyObject', 'CryptoKey'];

const crypto = () => process.getBuiltinModule('node:crypto');

/** Returns true for a KeyObject and a CryptoKey. Looks at the name of the class first, because node:crypto takes 10 ms to load. */
export function isKey(value: object): value is Key {
  const prototype: object | null = Object.getPrototypeOf(value);
  const cls: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof cls !== 'function' || !classes.includes(cls.name)) return false;
  return types.isKeyObject(value) || types.isCryptoKey(value);
}

function writeKeyObject(key: KeyObject, out: ValueWriter): void {
  let bytes: Uint8Array;
  try {
    if (key.type === 'secret') bytes = key.export();
    else if (key.type === 'public') bytes = key.export({ type: 'spki', format: 'der' });
    else bytes = key.export({ type: 'pkcs8', format: 'der' });
  } catch (error) {
    out.refuse(`this key cannot be exported: ${(error as Error).message}`);
  }
  out.form(0);
  out.string(key.type);
  // Not the whole memory that Node has allocated for it.
  out.value(new Uint8Array(bytes), '');
}

function writeCryptoKey(key: webcrypto.CryptoKey, out: ValueWriter): void {
  // The values that a function captured stay in the heap, for all processes that get the function.
  if (!key.extractable && (!isWithinProcess() || out.captured)) {
    out.refuse(
      'a CryptoKey that is not extractable stays in its process; make it there too, or pass it as an argument to a thread of this one',
    );
  }
  out.form(key.extractable ? 1 : 2);
  out.value(crypto().KeyObject.from(key), '');
  out.value({ ...key.algorithm }, '.algorithm');
  out.value([...key.usages], '.usages');
}

/** Turns an error of Node into one that says that the message is damaged. */
function orCorrupt<T>(input: ValueReader, make: () => T): T {
  try {
    return make();
  } catch (error) {
    return input.corrupt(`a key that is none (${(error as Error).message})`);
  }
}

function readKeyObject(input: ValueReader): KeyObject {
  const type = input.string();
  const key = input.value();
  if (!(key instanceof Uint8Array)) input.corrupt('a key without bytes');
  const der = Buffer.from(key as Uint8Array);
  return orCorrupt(input, () => {
    if (type === 'secret') return crypto().createSecretKey(der);
    if (type === 'public') return crypto().createPublicKey({ key: der, type: 'spki', format: 'der' });
    return crypto().createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  });
}

function readCryptoKey(input: ValueReader, isExtractable: boolean): webcrypto.CryptoKey {
  const key = input.value() as Convertible;
  const algorithm = input.value();
  const usages = input.value() as readonly string[];
  return orCorrupt(
    input,
    () =>
      key.toCryptoKey?.(algorithm, isExtractable, usages) ??
      // A damaged message may have another value in its place.
      importKey(types.isKeyObject(key) ? key : input.corrupt('a key that is none'), algorithm, isExtractable, usages),
  );
}

const keys: Extension<Key> = {
  id: extensionIds.KEY,
  name: 'key',
  beyond:
    'a key does not leave its family, since others might read it on the way; send what its export() gives, over tls',
  forms: [
    { name: 'KeyObject', reach: reach.FAMILY, fields: ['string', 'value'], read: readKeyObject },
    {
      name: 'CryptoKey',
      reach: reach.FAMILY,
      fields: ['value', 'value', 'value'],
      read: (input) => readCryptoKey(input, true),
    },
    {
      name: 'CryptoKey that is not extractable',
      reach: reach.FAMILY,
      fields: ['value', 'value', 'value'],
      read: (input) => readCryptoKey(input, false),
    },
  ],
  matches: isKey,
  write: (key, out) => (types.isCryptoKey(key) ? writeCryptoKey(key, out) : writeKeyObject(key, out)),
};

/** Registers keys as values that can be sent; may be called more than once. */
export function registerKeys(): void {
  registerExtension(keys);
}
