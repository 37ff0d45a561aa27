import type { Border } from '../../codec/border.ts';
import type { ValueWriter } from '../../codec/extension.ts';
import { dirname } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';
import { referencesInFunction } from '../../functions/file-references.ts';
import { isInPackage } from '../../functions/installed-package.ts';
import { Refusal } from '../../functions/refusal.ts';
import { hashOf, type Manifest, type ManifestPackage, MOST_BYTES, MOST_FILES } from './manifest.ts';
import { describedIn } from './package-description.ts';
import {
  type FileUse,
  filesOf,
  type PackageLink,
  type ProjectFile,
  packageOf,
  pathOf,
  projectFile,
} from './project-files.ts';

type Content = Pick<ProjectFile, 'hash' | 'bytes'>;

/** Notes the files that an outgoing message names, and the files that those use. See ../README.md, "Code". */
export class Departure implements Border {
  readonly #root: string;
  /** Another path of the root, if there is one. */
  readonly #alias: string | undefined;
  /** By path from the root. */
  readonly #files = new Map<string, Content>();
  readonly #packages = new Map<string, ManifestPackage>();
  readonly #folders = new Set<string>();
  /** Folders of the program by the names by which `node_modules` leads to them. */
  readonly #links = new Map<string, string>();
  /** Folders whose package.json was looked for. */
  readonly #described = new Set<string>();
  readonly #limit: number;
  #usesLibrary = false;
  #bytes = 0;

  constructor(root: string, alias?: string, limit = MOST_BYTES) {
    this.#limit = limit;
    this.#root = root;
    this.#alias = alias;
  }

  get isEmpty(): boolean {
    return this.#files.size === 0 && this.#packages.size === 0 && this.#folders.size === 0;
  }

  get manifest(): Manifest {
    return {
      files: inOrder(this.#files).map(([path, { hash, bytes }]) => ({ path, hash, size: bytes.length })),
      packages: inOrder(this.#packages).map(([, used]) => used),
      folders: [...this.#folders].sort(),
      links: inOrder(this.#links),
      ...(this.#limit !== MOST_BYTES && { limit: this.#limit }),
      usesLibrary: this.#usesLibrary,
    };
  }

  get contents(): (readonly [hash: string, bytes: Uint8Array])[] {
    return [...this.#files.values()].map(({ hash, bytes }) => [hash, bytes]);
  }

  /** Notes files that no text names. Throws a `TypeError` for a file that cannot be sent. */
  include(urls: readonly string[]): void {
    try {
      for (const url of urls) this.#add({ url, isNeeded: true }, 'code.include');
    } catch (error) {
      if (error instanceof Refusal) throw new TypeError(`code.include cannot be sent: ${error.message}.`);
      throw error;
    }
  }

  leave(url: string, isLoaded: boolean, out: ValueWriter): string {
    if (!url.startsWith('file:')) return url;
    if (isInPackage(url)) {
      this.#addPackage(url, 'a function');
      return url;
    }
    let path = '';
    refusing(out, () => {
      path = this.#pathFrom(pathOf(url), 'a function');
      if (isLoaded) this.#add({ url, isNeeded: true }, 'a function');
      else this.#folders.add(folderOf(path));
    });
    return this.#alias === undefined ? url : urlOf(`${this.#root}/${path}`);
  }

  text(code: string, places: readonly string[], out: ValueWriter): void {
    for (const url of places) {
      if (!url.startsWith('file:') || isInPackage(url)) continue;
      refusing(out, () => {
        const references = referencesInFunction(code);
        for (const use of filesOf(references, url)) this.#add(use, pathOf(url));
        // Their meaning stands in package.json.
        if (references.some(({ specifier }) => specifier.startsWith('#'))) {
          this.#addDescription(this.#pathFrom(pathOf(url), 'a function'));
        }
      });
    }
  }

  #add(use: FileUse, user: string): void {
    const waiting: [FileUse, string][] = [[use, user]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [{ url, isNeeded, link }, by] = next;
      if (isInPackage(url)) {
        if (isNeeded) this.#addPackage(url, by);
        continue;
      }
      const file = projectFile(url);
      // A file that the program does not have either is no part of it.
      if (file === undefined) continue;
      const path = this.#pathFrom(pathOf(file.url), by);
      if (link !== undefined) this.#addLink(link, by);
      if (this.#files.has(path)) continue;
      if (file.usesLibrary) this.#usesLibrary = true;
      this.#addFile(path, file);
      this.#addDescription(path);
      for (const used of file.uses) waiting.push([used, path]);
    }
  }

  #addFile(path: string, file: Content): void {
    this.#files.set(path, file);
    this.#bytes += file.bytes.length;
    if (this.#files.size > MOST_FILES || this.#bytes > this.#limit) {
      throw new Refusal(
        `it uses more than ${MOST_FILES} files or ${this.#limit} bytes of the program: give { cluster: { code: { limit } } }, or leave files out`,
      );
    }
  }

  /** Adds the package.json that says whether a file is a module. */
  #addDescription(path: string): void {
    const folder = folderOf(path);
    if (this.#described.has(folder)) return;
    this.#described.add(folder);
    const steps = path.split('/').slice(0, -1);
    for (; ; steps.pop()) {
      const beside = [...steps, 'package.json'].join('/');
      if (this.#files.has(beside)) return;
      const file = projectFile(urlOf(`${this.#root}/${beside}`));
      if (file !== undefined) {
        this.#addFile(beside, file);
        return;
      }
      if (steps.length === 0) break;
    }
    // The package.json that counts lies above the root, or there is none.
    let description: { type?: string } | undefined;
    for (const above of foldersUp(dirname(this.#root))) description ??= describedIn(above);
    const bytes = Buffer.from(JSON.stringify({ type: description?.type }));
    this.#addFile('package.json', { bytes, hash: hashOf(bytes) });
  }

  /** Adds a package of the program's own, to which `node_modules` leads. */
  #addLink({ name, folder }: PackageLink, user: string): void {
    const path = this.#pathFrom(folder, user);
    const known = this.#links.get(name) ?? path;
    if (known !== path) {
      const both = `${user} means ${path} by ${JSON.stringify(name)}, which means ${known} elsewhere`;
      throw new Refusal(`${both}: import one of them by a relative path`);
    }
    this.#links.set(name, path);
    this.#addDescription(`${path}/index.js`);
  }

  #addPackage(url: string, user: string): void {
    const { name, folder, version } = packageOf(url);
    if (name === 'multiproc' || this.#packages.has(folder)) return;
    const at = process.getBuiltinModule('node:path').relative(this.#root, folder);
    this.#packages.set(folder, { name, version, at, user });
  }

  /** Returns the path from the root, with slashes. Throws a `Refusal` for a file that cannot be sent. */
  #pathFrom(path: string, user: string): string {
    const { relative, sep } = process.getBuiltinModule('node:path');
    const isAlias = this.#alias !== undefined && path.startsWith(`${this.#alias}/`);
    const inside = relative(isAlias ? this.#alias! : this.#root, path);
    if (inside.startsWith('..') || inside === '') {
      throw new Refusal(
        `${user} uses ${path}, which stands outside of the folder whose files travel, ${this.#root}: give { cluster: { code: { root } } }, a folder above both`,
      );
    }
    const steps = inside.split(sep);
    const hidden = steps.find((step) => step.startsWith('.'));
    if (hidden === undefined) return steps.join('/');
    throw new Refusal(`${user} uses ${path}, and ${hidden} does not travel: its name begins with a dot`);
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function inOrder<T>(map: ReadonlyMap<string, T>): [key: string, value: T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function refusing(out: ValueWriter, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) out.refuse(error.message);
    throw error;
  }
}

function urlOf(path: string): string {
  return process.getBuiltinModule('node:url').pathToFileURL(path).href;
}
