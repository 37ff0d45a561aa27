import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';

/**
 * A value in a message that can be read without the value. If the value cannot be made here, because a class or a module is missing, the
 * rest of the message arrives and says to which call or result it belongs.
 */
class Opaque {
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

/** Makes a value opaque. A primitive is sent as it is. */
export function asOpaque(value: unknown): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? new Opaque(value) : value;
}

/** Returns the value of an opaque value, and any other value as it is. Throws if the value could not be made here. */
export function openOpaque(value: unknown): unknown {
  return value instanceof Opaque ? value.open() : value;
}

/** Sends an opaque value as a section, which a receiver can skip. */
export const opaqueExtension: Extension<Opaque> = {
  id: extensionIds.OPAQUE,
  name: 'opaque value',
  reach: reach.ANYBODY,
  fields: ['section'],
  matches: (value): value is Opaque => value instanceof Opaque,
  write(opaque, out) {
    out.section(() => out.value(opaque.open(), ''));
  },
  read(input) {
    try {
      return new Opaque(input.section(() => input.value()));
    } catch (cause) {
      return new Opaque(undefined, { cause });
    }
  },
};
