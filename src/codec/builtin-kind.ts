import type { ValueReader, ValueWriter } from './extension.ts';

/** A built-in class: its tag, and how the content after the tag is written and read. */
export interface BuiltinKind<T extends object = object> {
  readonly tag: number;
  /** The prototypes by which such objects are usually recognised; `is` decides. */
  readonly prototypes: readonly object[];
  is(value: object): boolean;
  write(value: T, out: ValueWriter): void;
  read(input: ValueReader): T;
}
