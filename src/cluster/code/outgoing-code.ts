import { acrossBorder, type Border } from '../../codec/border.ts';
import type { ValueWriter } from '../../codec/extension.ts';
import { dirname } from '../../engine/builtins.ts';
import { isInPackage } from '../../functions/installed-package.ts';
import { Refusal } from '../../functions/refusal.ts';
import { referencesInFunction } from './file-references.ts';
import { hashOf, type Manifest, type ManifestPackage, MOST_BYTES, MOST_FILES } from './manifest.ts';
import { describedIn } from './package-description.ts';
import { type FileUse, filesOf, type ProjectFile, packageOf, pathOf, projectFile } from './project-files.ts';
import { projectRoot } from './project-root.ts';

/** What a message needs of the program's files. */
export interface Needs<T> {
  readonly packed: T;
  /** The hash of the manifest, if there is something in it. */
  readonly code: string | undefined;
}

/** The files of a program that the messages of one pool need. See ../README.md, "Code". */
export class OutgoingCode {
  /** The real path of the folder whose files travel. */
  readonly root: string;
  readonly isShipped: boolean;
  /** What is to be written to the server, by hash. */
  readonly #pending = new Map<string, Uint8Array>();
  readonly #taken = new Set<string>();

  constructor(options: { readonly root?: string | undefined; readonly ship?: 'auto' | 'never' | undefined } = {}) {
    this.root = projectRoot(options.root);
    this.isShipped = options.ship !== 'never';
  }

  /** Runs `pack`, which writes a message that leaves this machine, and notes which files it needs. */
  collect<T>(pack: () => T): Needs<T> {
    const departure = new Departure(this.root);
    const packed = acrossBorder(departure, pack);
    return { packed, code: departure.isEmpty ? undefined : this.#note(departure) };
  }

  /** Returns the files that nobody has taken yet. */
  take(): [hash: string, bytes: Uint8Array][] {
    const taken = [...this.#pending];
    this.#pending.clear();
    for (const [hash] of taken) this.#taken.add(hash);
    return taken;
  }

  #note(departure: Departure): string {
    const { manifest, contents } = departure;
    const bytes = Buffer.from(JSON.stringify(manifest));
    const hash = hashOf(bytes);
    if (this.isShipped) for (const [known, content] of contents) this.#add(known, content);
    this.#add(hash, bytes);
    return hash;
  }

  #add(hash: string, bytes: Uint8Array): void {
    if (!this.#taken.has(hash)) this.#pending.set(hash, bytes);
  }
}

/** One message that leaves: notes the files that it names, and what those use. */
class Departure implements Border {
  readonly #root: string;
  /** By path from the root. */
  readonly #files = new Map<string, Pick<ProjectFile, 'hash' | 'bytes'>>();
  readonly #packages = new Map<string, ManifestPackage>();
  readonly #folders = new Set<string>();
  #bytes = 0;

  constructor(root: string) {
    this.#root = root;
  }

  get isEmpty(): boolean {
    return this.#files.size === 0 && this.#packages.size === 0 && this.#folders.size === 0;
  }

  get manifest(): Manifest {
    const files = [...this.#files].map(([path, { hash, bytes }]) => ({ path, hash, size: bytes.length }));
    const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);
    return {
      files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
      packages: [...this.#packages].sort(byKey).map(([, used]) => used),
      folders: [...this.#folders].sort(),
    };
  }

  get contents(): [hash: string, bytes: Uint8Array][] {
    return [...this.#files.values()].map(({ hash, bytes }) => [hash, bytes]);
  }

  leave(url: string, isLoaded: boolean, out: ValueWriter): string {
    if (url.startsWith('file:')) {
      refusing(out, () => {
        if (isLoaded || isInPackage(url)) this.#add({ url, isNeeded: true }, 'a function');
        else this.#addFolder(this.#pathFrom(pathOf(url), 'a function'));
      });
    }
    return url;
  }

  text(code: string, places: readonly string[], out: ValueWriter): void {
    for (const url of places) {
      if (!url.startsWith('file:') || isInPackage(url)) continue;
      refusing(out, () => {
        for (const use of filesOf(referencesInFunction(code), url)) this.#add(use, pathOf(url));
      });
    }
  }

  #add(use: FileUse, user: string): void {
    const waiting: [FileUse, string][] = [[use, user]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [{ url, isNeeded }, by] = next;
      if (isInPackage(url)) {
        if (isNeeded) this.#addPackage(url, by);
        continue;
      }
      const file = projectFile(url);
      // What is not there for the program either is no part of it.
      if (file === undefined) continue;
      const path = this.#pathFrom(pathOf(file.url), by);
      if (this.#files.has(path)) continue;
      this.#addFile(path, file);
      this.#addDescription(path);
      for (const used of file.uses) waiting.push([used, path]);
    }
  }

  #addFile(path: string, file: Pick<ProjectFile, 'hash' | 'bytes'>): void {
    this.#files.set(path, file);
    this.#bytes += file.bytes.length;
    if (this.#files.size > MOST_FILES || this.#bytes > MOST_BYTES) {
      throw new Refusal(`it uses more than ${MOST_FILES} files or ${MOST_BYTES / 2 ** 20} MiB of the program`);
    }
  }

  #addFolder(path: string): void {
    const at = path.lastIndexOf('/');
    this.#folders.add(at === -1 ? '' : path.slice(0, at));
    this.#addDescription(path);
  }

  /** Adds the package.json that says of which kind a file is. */
  #addDescription(path: string): void {
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
    // The one that counts lies above the root.
    for (let folder = dirname(this.#root); ; folder = dirname(folder)) {
      const description = describedIn(folder);
      if (description !== undefined) {
        const bytes = Buffer.from(JSON.stringify({ type: description.type ?? 'commonjs' }));
        this.#addFile('package.json', { bytes, hash: hashOf(bytes) });
        return;
      }
      if (dirname(folder) === folder) return;
    }
  }

  #addPackage(url: string, user: string): void {
    const { name, folder, version } = packageOf(url);
    if (name === 'multiproc' || this.#packages.has(folder)) return;
    const at = process.getBuiltinModule('node:path').relative(this.#root, folder);
    this.#packages.set(folder, { name, version, at, user });
  }

  /** The path from the root, with slashes. Throws a `Refusal` for what does not travel. */
  #pathFrom(path: string, user: string): string {
    const { relative, sep } = process.getBuiltinModule('node:path');
    const inside = relative(this.#root, path);
    if (inside.startsWith('..') || inside === '') {
      throw new Refusal(
        `${user} uses ${path}, which stands outside of the folder whose files travel, ${this.#root}: give { cluster: { code: { root } } }, a folder above both`,
      );
    }
    const steps = inside.split(sep);
    const hidden = steps.find((step) => step.startsWith('.'));
    if (hidden !== undefined)
      throw new Refusal(`${user} uses ${path}, and ${hidden} does not travel: its name begins with a dot`);
    return steps.join('/');
  }
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
