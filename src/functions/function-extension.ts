import { onContents } from '../codec/captured-contents.ts';
import type { Extension } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { lazy } from '../loading/lazy.ts';
import { forms } from './function-forms.ts';
import { isStandIn } from './stand-in.ts';

const reading = lazy(() => require('./function-reading.ts') as typeof import('./function-reading.ts'));
const writing = lazy(() => require('./function-writing.ts') as typeof import('./function-writing.ts'));

/** The extension for functions, and for the objects that stand for parts of them; `function-writing.ts` writes and `function-reading.ts` reads them. */
export const functionExtension: Extension = {
  id: extensionIds.FUNCTION,
  name: 'function',
  forms: forms.map((form, number) => ({ ...form, read: (input) => reading().read(number, input) })),
  matches: (value, out): value is object =>
    typeof value === 'function' || isStandIn(value) || (out.captured && writing().packageHidingIn(value) !== undefined),
  write: (value, out) => writing().write(value, out),
};
onContents((contents) => reading().takeContents(contents));
