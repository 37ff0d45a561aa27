import { RemoteError } from '../../contracts/errors.ts';
import { type ServedObject, serve } from '../served-object.ts';
import { updated } from './update.ts';

/** Serves named values that clients share. */
export function servedNamespace(init: object = {}): ServedObject {
  if (typeof init !== 'object' || init === null)
    throw new TypeError('A namespace is made of an object: values by name.');
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(init)) values.set(checked(name), value);
  return serve('namespace', {
    get: (_, name) => values.get(checked(name)),
    set: (_, name, value) => void values.set(checked(name), value),
    has: (_, name) => values.has(checked(name)),
    delete: (_, name) => values.delete(checked(name)),
    update: (_, name, fn) => {
      const value = updated(fn, values.get(checked(name)));
      values.set(name, value);
      return value;
    },
    keys: () => [...values.keys()],
    copy: () => Object.fromEntries(values),
  });
}

function checked(name: unknown): string {
  if (typeof name !== 'string') throw new TypeError(`A namespace has names, not ${String(name)}.`);
  if (name.startsWith('_'))
    throw new RemoteError(`${name} is not shared: names that begin with _ stay in their process.`);
  return name;
}
