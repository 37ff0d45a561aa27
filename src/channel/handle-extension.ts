import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { kindNumbered, kindOf } from '../memory/object-kinds.ts';
import { Existing, knownObject, locate, nameOf, SharedObject } from '../memory/shared-object.ts';

/** Sends a shared object as its place in the heap, and its name; the receiver makes an object of the same kind for this place. */
export const handleExtension: Extension<SharedObject> = {
  id: extensionIds.SHARED_OBJECT,
  name: 'shared object',
  reach: reach.FAMILY,
  fields: ['uint32', 'handle', 'string'],
  matches: (value): value is SharedObject => value instanceof SharedObject,
  write(value, out) {
    const { family, offset } = locate(value);
    out.uint32(kindOf(family, offset));
    out.handle(offset);
    out.string(nameOf(value) ?? '');
  },
  read(input) {
    const kind = input.uint32();
    const offset = input.handle();
    const name = input.string() || undefined;
    const Class = kindNumbered(kind)?.make?.();
    if (Class === undefined) throw new Error(`A shared object of the unknown kind ${kind} arrived.`);
    return knownObject(offset) ?? (new Class(new Existing(offset, name) as never) as SharedObject);
  },
};
