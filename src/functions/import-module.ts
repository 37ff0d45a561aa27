/** `import()` of modules that only the sender of a message knows. */
import { lazy } from '../loading/lazy.ts';
import { type LoadedFor, loadingFor } from '../loading/loaded-for-functions.ts';

const namespaces = new Map<string, object>();
/** Modules of the program, by URL. */
const ofProgram = new Map<string, LoadedFor>();

/** Returns the name in a message of a module of the program, which is to be watched while it is loaded. */
export function watchedModule(url: string, name: string, reason: string): string {
  return `${url}\n${name}\n${reason}`;
}

/**
 * Imports a module that a message refers to, before the message is read. Only a module with top-level await needs it: all others are
 * loaded when the message is read. `module` is one of the message's `modules`.
 */
export async function importModule(module: string): Promise<void> {
  const [url = '', name, reason = ''] = module.split('\n');
  if (namespaces.has(url)) return;
  if (name !== undefined) {
    ofProgram.set(url, {
      file: fileOf(url),
      why: `for ${name}, which could not be copied (${reason.replace(/\.$/, '')})`,
      wayOut: `move ${name} to a module that does not import multiproc`,
      mayStart: false,
    });
  }
  namespaces.set(url, (await loadWatched(url, () => importFrom(url))) as object);
}

/** Returns the namespace of a module that `importModule` has imported. */
export function importedModule(url: string): object | undefined {
  return namespaces.get(url);
}

/** Runs what loads a module; of the program, if a message said so. */
export function loadWatched<T>(url: string, load: () => T): T {
  const loaded = ofProgram.get(url);
  return loaded === undefined ? load() : loadingFor(loaded, load);
}

const own = lazy(() => require('./own-import.ts') as typeof import('./own-import.ts'));

/** Imports by Node's own `import()`. */
export function importFrom(specifier: string, options?: unknown): Promise<unknown> {
  return own().ownImport(specifier, options);
}

/** Returns a URL as messages show it. */
export function fileOf(url: string): string {
  return url.startsWith('file:') ? process.getBuiltinModule('node:url').fileURLToPath(url) : url;
}
