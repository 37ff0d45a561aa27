/**
 * Private static fields of classes (`static #x`): the inspector shows what they hold here. In a receiver the class lets us at them by a
 * static block that was added to its text.
 */
import type { AnyNode } from 'acorn';
import type { AnyFunction } from './any-function.ts';
import type { Edit } from './edits.ts';
import { privatePropertiesOf } from './inspector.ts';
import { isClassNode } from './syntax.ts';

type Access = Readonly<Record<string, readonly [read: () => unknown, write: (value: unknown) => void]>>;

const KEY = 'multiproc private statics';

/** Returns the edit that adds the block to a class; `undefined` for a class without such fields. */
export function openingOf(node: AnyNode): Edit | undefined {
  if (!isClassNode(node)) return undefined;
  const fields = node.body.body.flatMap((member) =>
    member.type === 'PropertyDefinition' && member.static && member.key.type === 'PrivateIdentifier'
      ? [member.key.name]
      : [],
  );
  if (fields.length === 0) return undefined;
  const access = fields.map((name) => `${name}: [() => this.#${name}, (v) => { this.#${name} = v; }]`);
  // It comes first, since a later block may freeze the class.
  const at = node.body.start + 1;
  return { start: at, end: at, text: ` static { this[Symbol.for('${KEY}')] = { ${access.join(', ')} }; }` };
}

const opened = new WeakMap<object, Access>();

/** Takes what the block has left on a class that was made here. */
export function takeOpening(cls: AnyFunction): void {
  const key = Symbol.for(KEY);
  const access: unknown = Object.getOwnPropertyDescriptor(cls, key)?.value;
  if (access === undefined) return;
  opened.set(cls, access as Access);
  // A class that has frozen itself keeps it.
  Reflect.deleteProperty(cls, key);
}

/** Returns true if a property of a class is what the block has left on it. */
export function isOpening(key: string | symbol): boolean {
  return typeof key === 'symbol' && Symbol.keyFor(key) === KEY;
}

/** Returns the private static fields of a class, by name, with what they hold. */
export function privateStaticsOf(cls: AnyFunction): [name: string, value: unknown][] {
  const access = opened.get(cls);
  if (access !== undefined) return Object.entries(access).map(([name, [read]]) => [name, read()]);
  return privatePropertiesOf(cls);
}

/** Gives a private static field of a class that was made here what it holds at the sender. */
export function setPrivateStatic(cls: AnyFunction, name: string, value: unknown): void {
  opened.get(cls)?.[name]?.[1](value);
}
