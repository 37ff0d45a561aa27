import { onContents } from '../codec/captured-contents.ts';
import type { Extension } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { lazy } from '../loading/lazy.ts';
import { forms } from './function-forms.ts';
import { isStandIn } from './stand-in.ts';

const wire = lazy(() => require('./function-wire.ts') as typeof import('./function-wire.ts'));

/** The extension for functions, and for the objects that stand for parts of them; `function-wire.ts` writes and reads them. */
export const functionExtension: Extension = {
  id: extensionIds.FUNCTION,
  name: 'function',
  forms: forms.map((form, number) => ({ ...form, read: (input) => wire().read(number, input) })),
  matches: (value, out): value is object =>
    typeof value === 'function' || isStandIn(value) || (out.captured && wire().packageHidingIn(value) !== undefined),
  write: (value, out) => wire().write(value, out),
};
onContents((contents) => wire().takeContents(contents));
