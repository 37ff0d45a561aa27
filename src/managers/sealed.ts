import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';

/**
 * A value in a message that can be read without the value. If the value cannot be made here, because a class or a module is missing, the
 * rest of the message arrives and says to which call or result it belongs.
 */
export class Sealed {
  readonly #value: unknown;
  readonly #error: unknown;
  readonly #isBroken: boolean;

  constructor(value: unknown, error?: { readonly cause: unknown }) {
    this.#value = value;
    this.#isBroken = error !== undefined;
    this.#error = error?.cause;
  }

  /** Returns the value; throws if it could not be made. */
  open(): unknown {
    if (this.#isBroken) throw this.#error;
    return this.#value;
  }
}

/** A value that need not be sealed is sent as it is. */
export function seal(value: unknown): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? new Sealed(value) : value;
}

export function unseal(value: unknown): unknown {
  return value instanceof Sealed ? value.open() : value;
}

/** Sends a sealed value as a section, which a receiver can skip. */
export const sealedExtension: Extension<Sealed> = {
  id: extensionIds.SEALED,
  name: 'sealed value',
  reach: reach.ANYBODY,
  fields: ['section'],
  matches: (value): value is Sealed => value instanceof Sealed,
  write(sealed, out) {
    out.section(() => out.value(sealed.open(), ''));
  },
  read(input) {
    try {
      return new Sealed(input.section(() => input.value()));
    } catch (cause) {
      return new Sealed(undefined, { cause });
    }
  },
};
