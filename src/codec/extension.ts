/**
 * How values are sent that structured clone does not support: functions, instances of registered classes,
 * shared objects. The layers above codec/ each register an extension; codec/ itself knows none of them but class instances.
 * README.md has the table of all extensions and their forms.
 *
 * `extension-ids.ts` has their numbers.
 */

import type { Capture, Content } from './captured-contents.ts';
import type { Claims } from './claims.ts';
import { extensionIds } from './extension-ids.ts';

/** How far a message goes, from near to far. Each kind of value has a limit. */
export const reach = {
  /** Between members of one family, which share the heap. */
  FAMILY: 0,
  /** To any process that has shown that it has the same key: it may make this one run code. */
  TRUSTED: 1,
  /** To any program: data only. */
  ANYBODY: 2,
} as const;
export type Reach = (typeof reach)[keyof typeof reach];

/** The message under construction, as an extension writes it. */
export interface ValueWriter {
  /** What the message claims beyond its bytes; it counts for messages that leave the family. */
  readonly claims: Claims;
  /** True while the variables that a function captured are written: there, class instances keep their class. */
  readonly captured: boolean;
  /** How far the message goes. */
  readonly reach: Reach;
  /** What is known while the message is made; the first extension that needs it makes it. */
  capture: Capture | undefined;
  /** If the message is the content of a variable: the variables that it names. */
  readonly needs: Set<object> | undefined;
  /** The content of that variable: it is written itself, even if it has a replacement. */
  readonly content: unknown;
  /** The number of bytes that have been written. */
  readonly position: number;
  /** Returns the path to the value being written, as errors show it. */
  path(): string;
  /** Sends a content with the message, and the modules that the content needs. */
  attach(content: Content, modules: readonly string[]): void;
  /** Writes any value that can be sent. `key` is its step in the path of a `SerializationError`, for example `.socket` or `[0]`. */
  value(value: unknown, key: string): void;
  /** Writes which form of its extension follows, before anything else. Refuses a form that may not go so far. */
  form(number: number): void;
  /** Runs `write` with `captured` set. */
  capturing(write: () => void): void;
  /** Writes a whole number from 0 to 2**32 - 1. */
  uint32(n: number): void;
  /** Writes a string. */
  string(s: string): void;
  /** Adds a reference to the shared object at `offset` (bytes in the heap): the object stays alive as long as the message. */
  handle(offset: number): void;
  /** Names a module that the receiver should import before it reads the message, because that is faster or necessary. */
  module(url: string): void;
  /**
   * Writes a part that the reader may skip. References do not lead into it or out of it: an object that occurs inside
   * and outside arrives as two.
   */
  section(write: () => void): void;
  /**
   * Writes the result of `read`, a property of an error. A part that cannot be sent or read is replaced by a sentence that
   * says so, with its path from the error. A value that an extension writes is sent whole or replaced whole.
   */
  salvage(key: string, read: () => unknown): void;
  /** Runs `write`. If that fails, removes what it wrote and returns the error. */
  attempt(write: () => void): unknown;
  /** Throws the `SerializationError` that names the value being written; `reason` is like `a Socket is bound to its process`. */
  refuse(reason: string): never;
}

/** A message as an extension reads it, in the order in which it was written. */
export interface ValueReader {
  /** What the message has claimed beyond its bytes; it counts for messages from outside the family. */
  readonly claims: Claims;
  /** How far the message has come. */
  readonly reach: Reach;
  value(): unknown;
  uint32(): number;
  string(): string;
  /** Returns the heap offset of the shared object that `ValueWriter.handle` added. */
  handle(): number;
  /**
   * Makes references back to this value lead to `object`. An extension calls it as soon as the object exists, and
   * before it reads nested values, so that cycles find it. An extension without nested values need not call it.
   */
  remember(object: object): void;
  /** Reads a section. If that fails, the rest of the message can still be read. */
  section<T>(read: () => T): T;
  /** Throws a `SerializationError`: this is no message of this library. */
  corrupt(what: string): never;
  /** Skips a section. */
  skipSection(): void;
}

/** A field of a form on the wire: see `ValueReader`. The fields of `rest` depend on the fields before. */
export type Field = 'uint32' | 'string' | 'value' | 'handle' | 'section' | 'rest';

/** One way in which a kind of value is written, and how it is read. */
export interface Form<T extends object = object> {
  readonly name: string;
  /** How far it may go, and from how far away it may come. A form without a reach is always refused. */
  readonly reach: Reach;
  /** Its fields on the wire, in order. */
  readonly fields: readonly Field[];
  read(input: ValueReader): T;
}

/** One kind of value: how to recognise it and how to write it. */
interface Kind<T extends object> {
  /** One of `extensionIds`. */
  readonly id: number;
  readonly name: string;
  /** The reason for which it may not be sent farther, to continue `Cannot send x: …`; a general sentence if left out. */
  readonly beyond?: string;
  /** Returns true for a value of this kind. Called for every function, and every object that is neither plain nor of a class that structured clone supports. */
  matches(value: object, out: ValueWriter): value is T;
  write(value: T, out: ValueWriter): void;
}

/** A kind of value with several forms. The number of the form is written first (`ValueWriter.form`). Numbers never change. */
interface ManyForms<T extends object> {
  readonly forms: readonly Form<T>[];
}

/** A kind of value, and how to read it. If it has only one form, it is that form, and no number is written. */
export type Extension<T extends object = object> = Kind<T> & (Form<T> | ManyForms<T>);

/** An extension as the codec knows it. */
export interface Registered {
  readonly extension: Extension;
  readonly forms: readonly Form[];
  /** The largest reach of its forms. */
  readonly reach: Reach;
}

const byId: (Registered | undefined)[] = [];
const inOrder: Registered[] = [];

/** Makes it possible to send a kind of value. Does nothing if `kind` is registered already; throws if another kind has its id, a defect of the library. */
export function registerExtension<T extends object>(kind: Extension<T>): void {
  const extension = kind as unknown as Extension;
  const known = byId[kind.id];
  if (known?.extension === extension) return;
  if (known !== undefined)
    throw new Error(`extension ${kind.id} is registered twice: ${known.extension.name} and ${kind.name}`);
  const forms = 'forms' in extension ? extension.forms : [extension];
  const farthest = Math.max(...forms.map((form) => form.reach)) as Reach;
  byId[extension.id] = { extension, forms, reach: farthest };
  inOrder.push(byId[extension.id] as Registered);
}

/** Returns the extension for this value, `undefined` if there is none. */
export function extensionFor(value: object, out: ValueWriter): Registered | undefined {
  // The latest first: class instances of this layer match any object, and the layers above are more exact.
  for (let i = inOrder.length - 1; i >= 0; i--) {
    const registered = inOrder[i] as Registered;
    if (registered.extension.matches(value, out)) return registered;
  }
  return undefined;
}

/** Returns true for a value that is sent as itself: a queue, a lock, an end of a pipe, a proxy. */
export function isSharedObject(value: object): boolean {
  // None of these uses the writer.
  const nobody = undefined as unknown as ValueWriter;
  return inOrder.some(({ extension }) => extension.id >= extensionIds.SHARED && extension.matches(value, nobody));
}

let loadLate: (() => void) | undefined;

/** Sets a function that registers more extensions. It is called when the first value of an unknown extension arrives. */
export function registerLateExtensions(load: () => void): void {
  loadLate = load;
}

/** Returns the extension with this id, `undefined` if this process does not have it. */
export function extensionById(id: number): Registered | undefined {
  if (byId[id] === undefined) loadLateExtensions();
  return byId[id];
}

/** Loads the code of kinds of values that this process has not met yet. If this throws, the next such value tries again. */
export function loadLateExtensions(): void {
  loadLate?.();
  loadLate = undefined;
}

/** Returns all extensions of this process, for tests that make messages of them. */
export function registeredExtensions(): readonly Registered[] {
  return inOrder;
}
