/** The small built-in classes: dates, regular expressions, boxed primitives, URLs. Errors have error-values.ts. */
import { NativeDate, types } from '../engine/builtins.ts';
import type { BuiltinKind } from './builtin-kind.ts';
import { errorKind } from './error-values.ts';
import { reach } from './extension.ts';
import { BOXED, DATE, REGEXP, URL_OBJECT, URL_QUERY } from './tags.ts';

const date: BuiltinKind<Date> = {
  tag: DATE,
  prototypes: [NativeDate.prototype],
  is: types.isDate,
  write: (value, out) => out.value(NativeDate.prototype.getTime.call(value), ''),
  read(input) {
    const time = input.value();
    // The engine would first turn an object into a string, which may take for ever.
    return typeof time === 'number' ? new NativeDate(time) : input.corrupt('a date that is none');
  },
};

const regexp: BuiltinKind<RegExp> = {
  tag: REGEXP,
  prototypes: [RegExp.prototype],
  is: types.isRegExp,
  write(value, out) {
    const { source, flags } = value;
    if (out.reach === reach.ANYBODY && !out.claims.pattern(source, flags)) {
      out.refuse(
        'such a regular expression takes long to make, so it crosses only where both ends have shown an authKey',
      );
    }
    out.string(source);
    out.string(flags);
  },
  read(input) {
    const source = input.string();
    const flags = input.string();
    if (input.reach === reach.ANYBODY && !input.claims.pattern(source, flags)) {
      input.corrupt('a regular expression that takes long to make');
    }
    return new RegExp(source, flags);
  },
};

const unboxing = [Number, String, Boolean, BigInt].map((cls) => cls.prototype.valueOf as () => unknown);

/** Also matches `Object(symbol)`, so that the symbol inside is refused. */
const boxed: BuiltinKind = {
  tag: BOXED,
  prototypes: [Number.prototype, String.prototype, Boolean.prototype, BigInt.prototype, Symbol.prototype],
  is: types.isBoxedPrimitive,
  write(value, out) {
    for (const unbox of unboxing) {
      try {
        return out.value(unbox.call(value), '');
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    return out.refuse('a symbol cannot be sent');
  },
  read(input) {
    const value = input.value();
    return Object(value) === value ? input.corrupt('an object in a box') : Object(value);
  },
};

const url: BuiltinKind<URL> = {
  tag: URL_OBJECT,
  prototypes: [URL.prototype],
  is: (value) => value instanceof URL,
  write: (value, out) => out.string(value.href),
  read: (input) => new URL(input.string()),
};

const urlQuery: BuiltinKind<URLSearchParams> = {
  tag: URL_QUERY,
  prototypes: [URLSearchParams.prototype],
  is: (value) => value instanceof URLSearchParams,
  write: (value, out) => out.string(value.toString()),
  read: (input) => new URLSearchParams(input.string()),
};

const kinds = [date, regexp, boxed, url, urlQuery, errorKind] as unknown as BuiltinKind[];
const byPrototype = new Map(kinds.flatMap((kind) => kind.prototypes.map((prototype) => [prototype, kind])));
const byTag: (BuiltinKind | undefined)[] = [];
for (const kind of kinds) byTag[kind.tag] = kind;

/** Returns the kind of an object whose prototype is that of a built-in class. */
export function exactKind(value: object, prototype: object): BuiltinKind | undefined {
  const kind = byPrototype.get(prototype);
  return kind?.is(value) ? kind : undefined;
}

/** Returns the kind of an object whose class extends a built-in class or comes from another realm. */
export function inheritedKind(value: object): BuiltinKind | undefined {
  return kinds.find((kind) => kind.is(value));
}

/** Returns the kind with this tag. */
export function kindByTag(tag: number): BuiltinKind | undefined {
  return byTag[tag];
}
