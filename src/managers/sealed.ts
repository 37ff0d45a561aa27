import { type Extension, reach, registerExtension } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';

/**
 * A value in a message that can be read without it: where it cannot be made here, because a class or a module is missing, the
 * rest of the message arrives, and says whose answer or call that is.
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

  /** The value; throws why there is none. */
  open(): unknown {
    if (this.#isBroken) throw this.#error;
    return this.#value;
  }
}

/** What need not be sealed goes as it is. */
export function seal(value: unknown): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? new Sealed(value) : value;
}

export function unseal(value: unknown): unknown {
  return value instanceof Sealed ? value.open() : value;
}

const sealedExtension: Extension<Sealed> = {
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

/** Lets sealed values travel; called once by the door. */
export function installSealedExtension(): void {
  registerExtension(sealedExtension);
}
