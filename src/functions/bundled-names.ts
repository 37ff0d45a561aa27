/**
 * The helpers with which tools replace `import()`, `import.meta` and `require`. If such a helper does what the real one does in the file that the text
 * was written in, the real one is put back. A helper that leads to the modules of a running bundle is refused, with a message that says what to do.
 */
import { types } from '../engine/builtins.ts';
import { Refusal } from './refusal.ts';

/** `import()`: Vite, Vitest. */
const imports = /^__(vite_ssr|vi)_dynamic_import__$/;
/** `import.meta`: Vite, Vitest. */
const metas = /^__(vite_ssr|vi)_import_meta__$/;
const metaMembers = ['url', 'dirname', 'filename'];
/** webpack, Rspack, Next.js; Turbopack. */
const bundles = /^__(webpack|rspack)_(require|modules|module_cache)__|^__turbopack_\w+__$/;

/** Returns the member of `__here` that a free name means, if it is used in this way: each use reads one of `members`, or any where that is undefined. */
export function putBack(name: string, members: readonly string[] | undefined): 'importFromRoot' | 'meta' | undefined {
  if (imports.test(name)) return 'importFromRoot';
  return metas.test(name) && members?.every((member) => metaMembers.includes(member)) ? 'meta' : undefined;
}

/** Import, export, and require of Turbopack: members of what each module is given under some name, a short one in builds. */
const ofTurbopack = ['A', 'i', 'r', 's', 'v'];

/** Refuses a name, or the value of a variable, that leads to the modules of a bundle. */
export function refuseBundle(name: string, value?: object): void {
  if (!bundles.test(name) && (value === undefined || !isTurbopack(value))) return;
  throw new Refusal(
    `it uses ${name}, what its bundler has made of import() or require(), which other processes do not have; import the module at the top of the file, or send an exported function of a file outside of the bundle`,
  );
}

/** Looked at without running anything of it. */
function isTurbopack(value: object): boolean {
  if (typeof value !== 'object' || types.isProxy(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || types.isProxy(prototype)) return false;
  return ofTurbopack.every((key) => typeof Object.getOwnPropertyDescriptor(prototype, key)?.value === 'function');
}
