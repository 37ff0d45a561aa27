import type { ValueReader, ValueWriter } from './extension.ts';

/** A built-in class: the tag that says so, and what follows it. */
export interface BuiltinKind<T extends object = object> {
  readonly tag: number;
  /** The prototypes by which such objects are usually recognised; `is` decides. */
  readonly prototypes: readonly object[];
  is(value: object): boolean;
  write(value: T, out: ValueWriter): void;
  read(input: ValueReader): T;
}
