/** The file that a function was written in, for `import.meta`, `import()` and `require` inside it. */

import { dirname, fs } from '../engine/builtins.ts';
import { foldersUp } from '../engine/folders-up.ts';
import { importingFor } from '../loading/loaded-for-functions.ts';
import { fileOf, importFrom } from './import-module.ts';
import { interned } from './interned.ts';
import { resolveImport } from './package-resolution.ts';
import { loadsLibrary } from './program-modules.ts';
import { standIn } from './stand-in.ts';

/** Replaces `import.meta` and `import()` in text that is sent; the text uses `meta` and `import`. */
export class Here {
  readonly url: string;
  #meta: object | undefined;

  private constructor(url: string) {
    this.url = url;
  }

  private static readonly known = new Map<string, Here>();

  /** Returns the object for the file with this URL. */
  static of(url: string): Here {
    return interned(Here.known, url, () => new Here(url));
  }

  /** The `import.meta` of that file; `main` is always false, because the file was not started here. */
  get meta(): object {
    if (this.#meta === undefined) {
      const meta: Record<string, unknown> = { url: this.url, main: false };
      if (this.url.startsWith('file:')) {
        meta.filename = fileOf(this.url);
        meta.dirname = dirname(meta.filename as string);
      }
      meta.resolve = (specifier: string) => resolveFrom(this.url, specifier);
      this.#meta = meta;
    }
    return this.#meta;
  }

  /** Imports as `import()` in that file does, where Vite has written the path of a module: from the root of its project too, which is a folder above the file. */
  importFromRoot(specifier: unknown): Promise<unknown> {
    const path = String(specifier).replace(/^\/@fs\//, '/');
    if (!path.startsWith('/')) return this.import(path);
    // What follows the path may also be a part of it.
    const [, short = path, rest = ''] = /^([^?#]*)(.*)$/s.exec(path) ?? [];
    const url = this.#fileUrl(path) ?? `${this.#fileUrl(short) ?? short}${rest}`;
    return this.import(url);
  }

  /** Returns the URL of the file at a path: an absolute one, or one from a folder above this file. */
  #fileUrl(path: string): string | undefined {
    const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url');
    if (fs.existsSync(path)) return pathToFileURL(path).href;
    if (!this.url.startsWith('file:')) return undefined;
    const { join } = process.getBuiltinModule('node:path');
    const paths = [...foldersUp(dirname(fileURLToPath(this.url)))].map((folder) => join(folder, path));
    const found = paths.find((path) => fs.existsSync(path));
    return found && pathToFileURL(found).href;
  }

  /** Imports a module as `import()` in that file does. */
  import(specifier: unknown, options?: unknown): Promise<unknown> {
    const wanted = String(specifier);
    const url = resolveImport(wanted, this.url, 'import');
    if (url === undefined) return importFrom(wanted, options);
    const load = () => importFrom(url, options);
    return url.startsWith('file:') && loadsLibrary(url) ? importingFor(fileOf(url), load) : load();
  }
}

/** Stands for the `require` of a CommonJS file in a message. */
export class RequireOf {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  private static readonly known = new Map<string, RequireOf>();

  /** Returns the object for the file with this URL, always the same one. */
  static for(url: string): RequireOf {
    return interned(RequireOf.known, url, () => new RequireOf(url));
  }
}

/** Returns the URLs of the files by which a function with these variables finds others. */
export function placesIn(variables: readonly { readonly value: unknown }[]): string[] {
  return variables.flatMap(({ value }) => (value instanceof Here || value instanceof RequireOf ? [value.url] : []));
}

function resolveFrom(url: string, specifier: string): string {
  const resolved = resolveImport(specifier, url, 'import');
  if (resolved === undefined) throw new Error(`Cannot find ${specifier}, imported from ${url}`);
  return resolved;
}

standIn(Here);
standIn(RequireOf);
