/**
 * How kinds of values that structured clone does not know travel: functions, instances of registered classes,
 * shared objects. The layers above codec/ each register an extension; codec/ itself knows none of them but class instances.
 *
 * Ids: 1 class instances, 2 functions, 16 and above shared objects.
 */

/** How far a message goes, from near to far: what a kind of value may cross. */
export const reach = {
  /** Between members of one family, which share the heap. */
  FAMILY: 0,
  /** To any process that has shown that it has the same key: it may make this one run code. */
  TRUSTED: 1,
  /** To anybody: data only. */
  ANYBODY: 2,
} as const;
export type Reach = (typeof reach)[keyof typeof reach];

/** What an extension writes with: the message under construction. */
export interface ValueWriter {
  /** True while the variables that a function captured are written: there, class instances keep their class. */
  readonly captured: boolean;
  /** How far the message goes. */
  readonly reach: Reach;
  /** Writes any value that can cross; `key` is how the path in a `SerializationError` names it, for example `.socket` or `[0]`. */
  value(value: unknown, key: string): void;
  /** Runs `write` with `captured` set. */
  capturing(write: () => void): void;
  /** Writes a whole number from 0 to 2**32 - 1. */
  uint32(n: number): void;
  /** Writes a string. */
  string(s: string): void;
  /** Says that the message refers to the shared object at `offset` (bytes in the heap): it stays alive while the message does. */
  handle(offset: number): void;
  /** Says that reading the message goes faster, or is only possible, when the module at `url` has been imported before. */
  module(url: string): void;
  /**
   * Writes a part that the reader may skip. References do not lead into it nor out of it: an object that occurs inside
   * and outside arrives as two.
   */
  section(write: () => void): void;
  /** Runs `write`; if it fails, takes back what it wrote and returns the error. */
  attempt(write: () => void): unknown;
  /** Throws the `SerializationError` that names the value being written; `reason` is like `a Socket is bound to its process`. */
  refuse(reason: string): never;
}

/** What an extension reads with, in the order in which it wrote. */
export interface ValueReader {
  /** How far the message has come. */
  readonly reach: Reach;
  value(): unknown;
  uint32(): number;
  string(): string;
  /** The heap offset of the shared object that `ValueWriter.handle` named. */
  handle(): number;
  /**
   * Makes `object` the one that references back to this value mean. An extension calls it as soon as the object exists, and
   * before it reads nested values, so that cycles find it; one without nested values need not call it.
   */
  remember(object: object): void;
  /** Reads what `ValueWriter.section` wrote; if that fails, what follows can still be read. */
  section<T>(read: () => T): T;
  /** Passes over what `ValueWriter.section` wrote. */
  skipSection(): void;
}

/** One kind of value: how to recognise it, write it and read it. */
export interface Extension<T extends object = object> {
  /** 0 to 255, unique among extensions; part of the wire format, so two copies of the library agree on it. */
  readonly id: number;
  /** How far it may go; within the family only if left out. Checked where it is written and where it is read. */
  readonly reach?: Reach;
  /** Asked for every function, and every object that is neither plain nor of a class that structured clone knows. */
  matches(value: object, out: ValueWriter): value is T;
  write(value: T, out: ValueWriter): void;
  read(input: ValueReader): T;
}

const byId: (Extension | undefined)[] = [];
const inOrder: Extension[] = [];

/** Makes a kind of value able to travel; registering an id twice is a defect of the library and throws. */
export function registerExtension<T extends object>(extension: Extension<T>): void {
  if (byId[extension.id] !== undefined) throw new Error(`extension ${extension.id} is registered twice`);
  byId[extension.id] = extension as unknown as Extension;
  inOrder.push(extension as unknown as Extension);
}

/** The extension that carries this value, `undefined` where none does. */
export function extensionFor(value: object, out: ValueWriter): Extension | undefined {
  // The latest first: the class instances of this layer take any object, the layers above know better.
  for (let i = inOrder.length - 1; i >= 0; i--) {
    const extension = inOrder[i] as Extension;
    if (extension.matches(value, out)) return extension;
  }
  return undefined;
}

/** The extension with this id, `undefined` where the receiver does not have it. */
export function extensionById(id: number): Extension | undefined {
  return byId[id];
}
