import type { Border } from '../../codec/border.ts';
import { fs } from '../../engine/builtins.ts';
import { lazy } from '../../loading/lazy.ts';
import { installedOnHost } from './installed-on-host.ts';

const packages = lazy(
  () => require('../../functions/installed-package.ts') as typeof import('../../functions/installed-package.ts'),
);

/** The places of a program's files on its machine and on this one: URLs of folders, with a slash at the end. */
export interface CodePlaces {
  /** The root of the program. */
  readonly program: string;
  /** The root of this host. */
  readonly host: string;
  /** The folder of the program's files here. */
  readonly tree: string;
}

/** Translates the files that messages name, in a worker of a host. See ../README.md, "Code". */
export class HostBorder implements Border {
  readonly #places: CodePlaces;
  /** Folders of packages here, by those of the program. */
  readonly #packages = new Map<string, string>();
  readonly #shown: readonly (readonly [from: string, to: string])[][];

  constructor(places: CodePlaces) {
    this.#places = places;
    const { program, host, tree } = places;
    this.#shown = [tree, host].map((from) => [
      [from, program],
      [pathOf(from), pathOf(program)],
    ]);
  }

  arrive(url: string): string {
    const { program, tree } = this.#places;
    const owner = packages().packageAt(url);
    if (owner !== undefined) return this.#packageFolder(owner.folder, owner.name) + url.slice(owner.folder.length);
    return url.startsWith(program) ? tree + url.slice(program.length) : url;
  }

  leave(url: string): string {
    for (const [theirs, ours] of this.#packages) if (url.startsWith(ours)) return theirs + url.slice(ours.length);
    const { program, host, tree } = this.#places;
    for (const ours of [tree, host]) if (url.startsWith(ours)) return program + url.slice(ours.length);
    return url;
  }

  stack(stack: string): string {
    const [tree = [], host = []] = this.#shown;
    const text = tree.reduce((all, [from, to]) => all.replaceAll(from, to), stack);
    // Only in frames: a message may contain the path of the host's root too.
    return text.replace(/^ {4}at .*/gm, (frame) =>
      host.reduce((line, [from, to]) => line.replace(from, () => to), frame),
    );
  }

  #packageFolder(folder: string, name: string): string {
    let here = this.#packages.get(folder);
    if (here === undefined) {
      const { relative } = process.getBuiltinModule('node:path');
      const root = pathOf(this.#places.host);
      const found = installedOnHost(root, name, relative(pathOf(this.#places.program), pathOf(folder)));
      here = folderUrl(found === undefined ? `${root}node_modules/${name}` : fs.realpathSync(found));
      this.#packages.set(folder, here);
    }
    return here;
  }
}

let known: CodePlaces | undefined;

/** Declares that this process is a worker of a host, with the program's files at these places. */
export function settleCode(places: CodePlaces): HostBorder {
  known = places;
  return new HostBorder(places);
}

/** Returns the places of the program's files, in a worker of a host. */
export function codeHere(): CodePlaces | undefined {
  return known;
}

/** Returns the `file:` URL of a folder, with a slash at the end. */
export function folderUrl(path: string): string {
  return process.getBuiltinModule('node:url').pathToFileURL(`${path.replace(/\/$/, '')}/`).href;
}

function pathOf(url: string): string {
  return process.getBuiltinModule('node:url').fileURLToPath(url);
}
