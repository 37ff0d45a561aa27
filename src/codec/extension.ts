/**
 * How kinds of values that structured clone does not know travel: functions, instances of registered classes,
 * shared objects. The layers above codec/ each register an extension; codec/ itself knows none of them but class instances.
 * README.md has the table of all extensions and their forms.
 *
 * `extension-ids.ts` has their numbers.
 */

import type { Capture, Content } from './captured-contents.ts';
import type { Claims } from './claims.ts';
import { extensionIds } from './extension-ids.ts';

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
  /** What the message claims beyond its bytes; look at it where it goes beyond the family. */
  readonly claims: Claims;
  /** True while the variables that a function captured are written: there, class instances keep their class. */
  readonly captured: boolean;
  /** How far the message goes. */
  readonly reach: Reach;
  /** What is known while the message is made; begun by whoever needs it first. */
  capture: Capture | undefined;
  /** The message is the content of a variable: these are the variables that it names. */
  readonly needs: Set<object> | undefined;
  /** What that variable holds: it is written itself, also where something stands for it. */
  readonly content: unknown;
  /** How many bytes have been written. */
  readonly position: number;
  /** The way to the value being written, as errors name it. */
  path(): string;
  /** Has a content go with the message, and the modules that it needs. */
  attach(content: Content, modules: readonly string[]): void;
  /** Writes any value that can cross; `key` is how the path in a `SerializationError` names it, for example `.socket` or `[0]`. */
  value(value: unknown, key: string): void;
  /** Says which form of its extension follows, before anything else; a form that may not go so far is refused here. */
  form(number: number): void;
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
  /**
   * Writes what `read` gives, a property of an error: whatever in it cannot be sent, or cannot be read, is replaced by a sentence that
   * says so, with the way from the error. What an extension writes is sent whole, or replaced whole.
   */
  salvage(key: string, read: () => unknown): void;
  /** Runs `write`; if it fails, takes back what it wrote and returns the error. */
  attempt(write: () => void): unknown;
  /** Throws the `SerializationError` that names the value being written; `reason` is like `a Socket is bound to its process`. */
  refuse(reason: string): never;
}

/** What an extension reads with, in the order in which it wrote. */
export interface ValueReader {
  /** What the message has claimed beyond its bytes; look at it where it comes from beyond the family. */
  readonly claims: Claims;
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
  /** Throws: this is no message of ours. */
  corrupt(what: string): never;
  /** Passes over what `ValueWriter.section` wrote. */
  skipSection(): void;
}

/** What a form has on the wire: see `ValueReader`. `rest` is what depends on what was read before. */
export type Field = 'uint32' | 'string' | 'value' | 'handle' | 'section' | 'rest';

/** One way in which a kind of value is written: what the reader of a message does when somebody has written just that. */
export interface Form<T extends object = object> {
  readonly name: string;
  /** How far it may go, and from how far away it may come. What says nothing comes from nobody. */
  readonly reach: Reach;
  /** What it has on the wire, in order. */
  readonly fields: readonly Field[];
  read(input: ValueReader): T;
}

/** One kind of value: how to recognise it and how to write it. */
interface Kind<T extends object> {
  /** One of `extensionIds`. */
  readonly id: number;
  readonly name: string;
  /** What to say of one that is sent farther than its reach, to continue `Cannot send x: …`; a general sentence if left out. */
  readonly beyond?: string;
  /** Asked for every function, and every object that is neither plain nor of a class that structured clone knows. */
  matches(value: object, out: ValueWriter): value is T;
  write(value: T, out: ValueWriter): void;
}

/** A kind of value that is written in several ways: the number of one comes first (`ValueWriter.form`). The numbers stay. */
interface ManyForms<T extends object> {
  readonly forms: readonly Form<T>[];
}

/** A kind of value, and how to read it: where it has one form only, it is that form, and no number is written. */
export type Extension<T extends object = object> = Kind<T> & (Form<T> | ManyForms<T>);

/** An extension as the codec knows it. */
export interface Registered {
  readonly extension: Extension;
  readonly forms: readonly Form[];
  /** How far the form goes that goes farthest. */
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

/** The extension that carries this value, `undefined` where none does. */
export function extensionFor(value: object, out: ValueWriter): Registered | undefined {
  // The latest first: the class instances of this layer take any object, the layers above know better.
  for (let i = inOrder.length - 1; i >= 0; i--) {
    const registered = inOrder[i] as Registered;
    if (registered.extension.matches(value, out)) return registered;
  }
  return undefined;
}

/** Whether a value travels as itself: a queue, a lock, an end of a pipe, a proxy. */
export function isSharedObject(value: object): boolean {
  // None of these asks the writer.
  const nobody = undefined as unknown as ValueWriter;
  return inOrder.some(({ extension }) => extension.id >= extensionIds.SHARED && extension.matches(value, nobody));
}

let loadLate: (() => void) | undefined;

/** Registers more extensions, by `load`, as soon as a value arrives of which none is known. */
export function registerLateExtensions(load: () => void): void {
  loadLate = load;
}

/** The extension with this id, `undefined` where the receiver does not have it. */
export function extensionById(id: number): Registered | undefined {
  if (byId[id] === undefined && loadLate !== undefined) {
    // What throws is tried again with the next value.
    loadLate();
    loadLate = undefined;
  }
  return byId[id];
}

/** All extensions that this process has, for the tests that make messages of them. */
export function registeredExtensions(): readonly Registered[] {
  return inOrder;
}
