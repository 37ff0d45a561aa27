import { AuthenticationError, ClusterError } from '../../contracts/errors.ts';
import { dirname, fs } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';
import { mayCompile } from '../../engine/node-options.ts';
import type { CodeFolder } from './code-folder.ts';
import { type CodePlaces, folderUrl } from './host-border.ts';
import { installedOnHost } from './installed-on-host.ts';
import { hashOf, type Manifest, type ManifestFile, readManifest } from './manifest.ts';
import { describedIn } from './package-description.ts';

/** Thrown if this host cannot have the files or packages of a program: the host refuses the pool. */
export class UnservableError extends Error {}

/** What a host gives to the code of one pool. */
export interface CodeOfHost {
  readonly folder: CodeFolder;
  /** The real path of the folder with the host's own files and packages. */
  readonly root: string;
  /** False if the host runs only its own files. */
  readonly takesCode: boolean;
  /** Resolves to a file of a program with this lease, opened. */
  fetch(hash: string, lease: number): Promise<Uint8Array>;
}

/** A pool whose code a host has. */
export interface PoolOfCode {
  readonly id: string;
  readonly lease: number;
  /** The URL of the program's root. */
  readonly root: string;
  /** False if no file is sent. */
  readonly isShipped: boolean;
}

/** The number of files that are fetched at once. */
const AT_ONCE = 16;

/** The files of one program on this host. See ../README.md, "Code". */
export class HostedCode {
  readonly #host: CodeOfHost;
  readonly #isShipped: boolean;
  readonly #programRoot: string;
  readonly #pool: string;
  readonly #lease: number;
  readonly #brought = new Map<string, Promise<void>>();
  /** The folder of the program's files here, once it was made. */
  #tree: string | undefined;
  /** Paths in the tree: true for a copy, false for a link to the host's own file. */
  readonly #placed = new Map<string, boolean>();
  readonly #made = new Set<string>();
  /** Names of the program's own packages that are linked into the tree. */
  readonly #packages = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(host: CodeOfHost, { id, lease, root, isShipped }: PoolOfCode) {
    this.#host = host;
    this.#pool = id;
    this.#lease = lease;
    this.#programRoot = root;
    this.#isShipped = isShipped && host.takesCode;
  }

  /** The places of the files, for a worker. */
  get places(): CodePlaces {
    return { program: this.#programRoot, host: folderUrl(this.#host.root), tree: folderUrl(this.#base()) };
  }

  #base(): string {
    return `${this.#host.folder.path}/${this.#pool}${this.#host.root === '/' ? '' : this.#host.root}`;
  }

  /** Resolves when all files of a manifest are here. Rejects with an `UnservableError` if this host cannot have them. */
  bring(hash: string): Promise<void> {
    let brought = this.#brought.get(hash);
    if (brought === undefined) {
      brought = this.#bring(hash).catch((error) => {
        const isTold = [UnservableError, ClusterError, AuthenticationError].some((Class) => error instanceof Class);
        throw isTold ? error : new UnservableError(`it cannot keep the program's files: ${(error as Error).message}`);
      });
      this.#brought.set(hash, brought);
      // A file that was missing may be there next time.
      brought.catch(() => this.#brought.delete(hash));
    }
    return brought;
  }

  /** Removes the files of a pool that has ended. */
  remove(): void {
    this.#isOver = true;
    if (this.#tree !== undefined) this.#host.folder.removeTree(`${this.#host.folder.path}/${this.#pool}`);
    this.#tree = undefined;
  }

  async #bring(hash: string): Promise<void> {
    const bytes = await this.#host.fetch(hash, this.#lease);
    if (hashOf(bytes) !== hash) throw new Error('a manifest of the program is not what its name says');
    const manifest = readManifest(bytes);
    assertRunnable(manifest);
    for (const needed of manifest.packages) this.#assertInstalled(needed);
    // One after the other: whether a file may be a link depends on the files that are there.
    const placing = this.#last.then(() => this.#place(manifest));
    this.#last = placing.catch(() => {});
    await placing;
  }

  async #place(manifest: Manifest): Promise<void> {
    const { files, folders } = manifest;
    if (this.#isOver) throw new UnservableError('the pool has ended');
    this.#makeTree();
    for (const folder of folders) this.#makeFolder(folder);
    const other = files.find((file) => !this.#isOwn(file));
    const isWhole = other === undefined && this.#hasLinks(manifest);
    if (isWhole && files.every(({ path }) => this.#placed.get(path) !== true)) {
      for (const { path } of files) this.#put(path, false, `${this.#host.root}/${path}`);
      return;
    }
    if (!this.#isShipped) {
      if (other === undefined) {
        throw new UnservableError(
          `it has no links in node_modules to ${namesOf(manifest)}: run npm install in ${this.#host.root}`,
        );
      }
      const state = fs.existsSync(`${this.#host.root}/${other.path}`) ? 'another' : 'no';
      const whose = this.#host.takesCode ? 'the program does not send its files' : 'the host takes no files';
      throw new UnservableError(`it has ${state} ${other.path} below ${this.#host.root}, and ${whose}`);
    }
    for (const [name, path] of manifest.links) this.#link(name, path);
    const missing = files.filter(({ path }) => !this.#placed.has(path));
    const fetchNext = async () => {
      for (let file = missing.pop(); file !== undefined; file = missing.pop()) {
        const { path, hash } = file;
        const kept = await this.#host.folder.file(hash, () => this.#host.fetch(hash, this.#lease));
        if (!this.#isOver) this.#put(path, true, kept);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
  }

  #isOwn({ path, hash, size }: ManifestFile): boolean {
    const own = `${this.#host.root}/${path}`;
    try {
      return fs.statSync(own).size === size && hashOf(fs.readFileSync(own)) === hash;
    } catch {
      return false;
    }
  }

  /** True if the host's own files find this library and the program's own packages, as the program's files do. */
  #hasLinks({ links, usesLibrary }: Manifest): boolean {
    const { root } = this.#host;
    const leads = (name: string, to: string) => {
      const found = installedOnHost(root, name, `node_modules/${name}`);
      return found !== undefined && fs.existsSync(to) && fs.realpathSync(found) === fs.realpathSync(to);
    };
    if (usesLibrary && !leads('multiproc', ownPackage())) return false;
    return links.every(([name, path]) => leads(name, `${root}/${path}`));
  }

  /** Links a package of the program's own, so that files in the tree find it. */
  #link(name: string, path: string): void {
    const { root, folder } = this.#host;
    if (installedOnHost(root, name, `node_modules/${name}`) !== undefined) {
      throw new UnservableError(
        `its package ${name} would be taken for ${path} of the program: take it out of node_modules in ${root}`,
      );
    }
    const at = `${folder.path}/${this.#pool}/node_modules/${name}`;
    if (this.#packages.has(name)) return;
    this.#packages.add(name);
    fs.mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
    fs.symlinkSync(`${this.#base()}/${path}`, at);
  }

  #put(path: string, isCopy: boolean, from: string): void {
    if (this.#placed.has(path)) return;
    this.#makeFolder(path.includes('/') ? dirname(path) : '');
    if (isCopy) fs.linkSync(from, `${this.#base()}/${path}`);
    else fs.symlinkSync(from, `${this.#base()}/${path}`);
    this.#placed.set(path, isCopy);
  }

  /** Makes the folders down to the root, with the packages of each, and an empty package.json, so that none further up counts. */
  #makeTree(): void {
    if (this.#tree !== undefined) return;
    const top = `${this.#host.folder.path}/${this.#pool}`;
    fs.mkdirSync(top, { mode: 0o700 });
    this.#tree = top;
    const description = fs.openSync(`${top}/package.json`, 'wx', 0o400);
    fs.writeSync(description, '{}');
    fs.closeSync(description);
    fs.mkdirSync(`${top}/node_modules`, { mode: 0o700 });
    fs.symlinkSync(ownPackage(), `${top}/node_modules/multiproc`);
    let at = '';
    for (const step of this.#host.root.split('/').filter((each) => each !== '')) {
      at += `/${step}`;
      fs.mkdirSync(top + at, { mode: 0o700 });
      linkPackages(at, top + at);
    }
    this.#made.add('');
  }

  #makeFolder(path: string): void {
    if (this.#made.has(path)) return;
    this.#makeFolder(path.includes('/') ? dirname(path) : '');
    fs.mkdirSync(`${this.#base()}/${path}`, { mode: 0o700 });
    linkPackages(`${this.#host.root}/${path}`, `${this.#base()}/${path}`);
    this.#made.add(path);
  }

  #assertInstalled({ name, version, at, user }: Manifest['packages'][number]): void {
    const { root } = this.#host;
    const folder = installedOnHost(root, name, at);
    const wanted = version === '' ? name : `${name} ${version}`;
    if (folder === undefined)
      throw new UnservableError(`it lacks the package ${wanted}, which ${user} uses: install it in ${root}`);
    const here = describedIn(folder)?.version ?? '';
    if (version === '' || here === '' || majorOf(here) === majorOf(version)) return;
    throw new UnservableError(`it has ${name} ${here}, and ${user} uses ${wanted}: install that in ${root}`);
  }
}

function linkPackages(own: string, here: string): void {
  if (fs.existsSync(`${own}/node_modules`)) fs.symlinkSync(`${own}/node_modules`, `${here}/node_modules`);
}

const majorOf = (version: string): string => version.replace(/^[v=\s]+/, '').split('.')[0]!;

/** Throws if the program is written in TypeScript, and this host's Node with its options does not run it. */
function assertRunnable({ files }: Manifest): void {
  if (mayCompile()) return;
  const strips = (process.features as { typescript?: unknown }).typescript;
  const other = files.find(({ path }) => (strips ? /\.[jt]sx$/ : /\.([cm]?ts|[jt]sx)$/).test(path));
  if (other !== undefined) throw new UnservableError(`it cannot run ${other.path}: start its worker with --import tsx`);
}

const namesOf = ({ links, usesLibrary }: Manifest): string =>
  [...links.map(([name]) => name), ...(usesLibrary ? ['multiproc'] : [])].join(', ');

function ownPackage(): string {
  const folders = [...foldersUp(__dirname)];
  return folders.find((folder) => describedIn(folder)?.name === 'multiproc') ?? '/';
}
