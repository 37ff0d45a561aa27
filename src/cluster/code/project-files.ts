/** Reads the files of the program that are sent, and finds the files that each uses. Loads no module. */
import { isBuiltin } from 'node:module';
import { dirname, fs } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';
import { type FileReference, referencesInText, referencesOf } from '../../functions/file-references.ts';
import { isInPackage, packageAt } from '../../functions/installed-package.ts';
import { resolveImport } from '../../functions/package-resolution.ts';
import { spellings } from '../../functions/program-modules.ts';
import { Refusal } from '../../functions/refusal.ts';
import { scriptAt } from '../../functions/script.ts';
import { parseProgram } from '../../functions/syntax.ts';
import { hashOf, LARGEST_FILE } from './manifest.ts';
import { describedIn } from './package-description.ts';

/** A file as it was when the program first sent something that uses it. */
export interface ProjectFile {
  readonly url: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
  /** URLs of files of the program, and of packages. */
  readonly uses: readonly FileUse[];
  /** True if it loads this library. */
  readonly usesLibrary: boolean;
}

/** A file that another file uses. */
export interface FileUse {
  readonly url: string;
  readonly isNeeded: boolean;
  /** The program's own package by whose name the file was found. */
  readonly link?: PackageLink | undefined;
}

/** A folder of the program to which `node_modules` leads, as npm's workspaces do. */
export interface PackageLink {
  readonly name: string;
  /** The real path. */
  readonly folder: string;
}

const ownName = /^multiproc(\/|$)/;

const files = new Map<string, ProjectFile>();
/** The URLs of files that were found, by the URLs that were looked for. */
const realUrls = new Map<string, string>();

/** Returns the file at a URL, or the file that loaders mean by it; `undefined` if there is none. Throws a `Refusal` if the file cannot be sent. */
export function projectFile(url: string): ProjectFile | undefined {
  let file = files.get(url);
  if (file !== undefined) return file;
  const real = existing(url);
  if (real === undefined) return undefined;
  if (real !== url) return projectFile(real);
  file = read(url);
  files.set(url, file);
  return file;
}

/** Returns the files to which a text at `url` refers. Throws a `Refusal` if the text needs a file that only a loader of the program can find. */
export function filesOf(references: readonly FileReference[], url: string): FileUse[] {
  return references.flatMap((reference) => {
    const found = find(reference, url);
    if (found === undefined) return [];
    return [{ url: found, isNeeded: reference.isNeeded, link: linkTo(found, reference.specifier, url) }];
  });
}

function read(url: string): ProjectFile {
  const path = pathOf(url);
  if (path.endsWith('.node'))
    throw new Refusal(
      `${path} is a native addon, which works on one kind of machine: put it into a package that is installed on the hosts`,
    );
  const { size } = fs.statSync(path);
  if (size > LARGEST_FILE)
    throw new Refusal(`${path} has ${size} bytes, and a file of the program may have ${LARGEST_FILE}`);
  const bytes = fs.readFileSync(path);
  const references = referencesInFile(url, bytes);
  const usesLibrary = references.some(({ specifier }) => ownName.test(specifier));
  return { url, bytes, hash: hashOf(bytes), uses: filesOf(references, url), usesLibrary };
}

function referencesInFile(url: string, bytes: Buffer): FileReference[] {
  const [extension = ''] = /\.\w+$/.exec(url) ?? [];
  if (!/^(\.[cm]?[jt]sx?)?$/.test(extension)) return [];
  const text = bytes.toString();
  if (!/\b(import|export|require|URL)\b/.test(text)) return [];
  if (/^\.[cm]?tsx?$|^\.jsx$/.test(extension)) {
    // Only the text that runs shows which imports are more than types.
    const script = scriptAt(url);
    return script === undefined ? referencesInText(text) : referencesOf(script.program);
  }
  for (const isModule of [extension !== '.cjs', extension === '.cjs']) {
    try {
      return referencesOf(parseProgram(text, isModule));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return referencesInText(text);
}

function find({ specifier, kind, isNeeded }: FileReference, url: string): string | undefined {
  if (isBuiltin(specifier) || ownName.test(specifier) || /^(node|data|https?):/.test(specifier)) return undefined;
  if (/^(\.{1,2}(\/|$)|\/|file:)/.test(specifier)) {
    const beside = kind === 'require' ? undefined : existing(withoutQuery(new URL(specifier, url).href));
    return beside ?? (kind === 'file' ? undefined : requiredAt(specifier, url));
  }
  const other = kind === 'import' ? 'require' : 'import';
  const found = resolveImport(specifier, url, kind as 'import' | 'require') ?? resolveImport(specifier, url, other);
  if (found === undefined || !found.startsWith('file:')) {
    if (found !== undefined || !isNeeded) return undefined;
    throw new Refusal(
      `${pathOf(url)} imports ${JSON.stringify(specifier)}, which only a loader of this program can find: import it by a relative path`,
    );
  }
  return found;
}

/** Returns the link by which a name led to a file of the program. A program may also import itself by its name, without a link. */
function linkTo(found: string, specifier: string, url: string): PackageLink | undefined {
  if (/^[.#/]|^file:/.test(specifier) || isInPackage(found)) return undefined;
  const [, name = ''] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier) ?? [];
  for (const folder of foldersUp(dirname(pathOf(url)))) {
    const link = `${folder}/node_modules/${name}`;
    if (fs.existsSync(link)) return { name, folder: fs.realpathSync(link) };
  }
  return undefined;
}

/** Returns the module that `require` of Node finds, or that loaders that translate find. */
function requiredAt(specifier: string, url: string): string | undefined {
  const found = resolveImport(specifier, url, 'require');
  if (found !== undefined) return found.startsWith('file:') ? found : undefined;
  return specifier.startsWith('/') ? undefined : existing(new URL(specifier, url).href);
}

/** Returns the URL of an existing file: the file at `url`, or the file that loaders that translate mean by it. */
function existing(url: string): string | undefined {
  let real = realUrls.get(url);
  if (real !== undefined) return real;
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  for (const spelling of spellings(url)) {
    const path = pathOf(spelling);
    if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue;
    real = pathToFileURL(fs.realpathSync(path)).href;
    realUrls.set(url, real);
    return real;
  }
  return undefined;
}

/** Returns the package of a file below `node_modules`, with its version. */
export function packageOf(url: string): { readonly name: string; readonly folder: string; readonly version: string } {
  const { name, folder } = packageAt(url)!;
  const path = pathOf(folder);
  return { name, folder: path, version: describedIn(path)?.version ?? '' };
}

/** Returns the path of a `file:` URL. */
export function pathOf(url: string): string {
  return process.getBuiltinModule('node:url').fileURLToPath(url);
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}
