import type { KeyObject } from 'node:crypto';
import { AuthenticationError } from '../contracts/errors.ts';

const PLAIN = 0;
const SEALED = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The number of nonces that are made at once. */
const NONCES = 256;

/** Seals values that will be decoded, and opens them. See README.md, "Seal". Without keys, values stay as they are. */
export class Seal {
  readonly #keys: readonly KeyObject[];
  readonly #namespace: string;
  /** The fingerprint of the first key, which reveals nothing else about the key; empty without a key. */
  readonly print: string;
  readonly #prints: readonly string[];
  readonly #nonces = new Uint8Array(NONCES * NONCE_BYTES);
  #given = NONCES;
  /** The additional data of the last place, because most calls are for the same place. */
  #lastPlace: string | undefined;
  #lastAbout = Buffer.alloc(0);

  /** The first of `keys` seals, all of them open. */
  constructor(keys: readonly Uint8Array[], namespace: string) {
    const { hkdfSync, createHmac, createSecretKey } = crypto();
    this.#keys = keys.map((key) =>
      createSecretKey(new Uint8Array(hkdfSync('sha256', key, namespace, 'multiproc seal 1', 32))),
    );
    this.#namespace = namespace;
    this.#prints = this.#keys.map((key) =>
      createHmac('sha256', key).update('fingerprint').digest('base64url').slice(0, 16),
    );
    this.print = this.#prints[0] ?? '';
  }

  /** True if one of the keys has this fingerprint. */
  knows(print: string): boolean {
    return print === this.print || this.#prints.includes(print);
  }

  /** Seals bytes for `place`: they open at no other place. */
  seal(bytes: Uint8Array, place: string): Buffer {
    const key = this.#keys[0];
    if (key === undefined) return Buffer.concat([Uint8Array.of(PLAIN), bytes]);
    const nonce = this.#nonce();
    const cipher = crypto().createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(this.#about(place));
    const text = cipher.update(bytes);
    // In this mode the last part of the text is empty.
    cipher.final();
    return Buffer.concat([Uint8Array.of(SEALED), nonce, text, cipher.getAuthTag()]);
  }

  /** Returns the bytes, in memory of their own. Throws an `AuthenticationError` if they were not sealed for `place` by one of the keys. */
  open(sealed: Uint8Array, place: string): Uint8Array {
    if (this.#keys.length === 0) {
      if (sealed[0] === PLAIN) return new Uint8Array(sealed.subarray(1));
    } else if (sealed[0] === SEALED && sealed.length >= 1 + NONCE_BYTES + TAG_BYTES) {
      for (const key of this.#keys) {
        const bytes = this.#tryKey(key, sealed, place);
        if (bytes !== undefined) return bytes;
      }
    }
    throw new AuthenticationError(
      `A value of ${place.split('|')[0]} was not sealed for it by a key of this cluster: it was changed, moved, or written without the key. It was not decoded, and is skipped.`,
    );
  }

  /** Returns a digest of bytes that only programs with the key of this fingerprint can make; without a key, any program can. */
  digest(bytes: Uint8Array, print: string): Buffer {
    const { createHmac, createHash } = crypto();
    const key = this.#keys[this.#prints.indexOf(print)];
    const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
    return hash.update(bytes).digest();
  }

  #tryKey(key: KeyObject, sealed: Uint8Array, place: string): Uint8Array | undefined {
    const start = 1 + NONCE_BYTES;
    const end = sealed.length - TAG_BYTES;
    const decipher = crypto().createDecipheriv('aes-256-gcm', key, sealed.subarray(1, start), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.#about(place));
    decipher.setAuthTag(sealed.subarray(end));
    const bytes = decipher.update(sealed.subarray(start, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(bytes);
  }

  /** Returns random bytes that were not given out before. They are made for many calls at once. */
  #nonce(): Uint8Array {
    if (this.#given === NONCES) {
      crypto().randomFillSync(this.#nonces);
      this.#given = 0;
    }
    const from = this.#given++ * NONCE_BYTES;
    return this.#nonces.subarray(from, from + NONCE_BYTES);
  }

  #about(place: string): Buffer {
    if (place !== this.#lastPlace) {
      this.#lastPlace = place;
      this.#lastAbout = Buffer.from(JSON.stringify(['item', this.#namespace, place]));
    }
    return this.#lastAbout;
  }
}

function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
