import { acrossBorder } from '../../codec/border.ts';
import type { CodeOptions } from '../../contracts/cluster-options.ts';
import { Departure } from './departure.ts';
import { codeHere } from './host-border.ts';
import { includedFiles } from './included-files.ts';
import { hashOf } from './manifest.ts';
import { pathOf } from './project-files.ts';
import { projectRoot } from './project-root.ts';

/** A packed message, with the files that it needs. */
interface Needs<T> {
  readonly packed: T;
  /** The hash of the manifest of the files; `undefined` if there are none. */
  readonly code: string | undefined;
}

type Content = readonly [hash: string, bytes: Uint8Array];

const NONE: readonly Content[] = [];

/** The files of a program that the messages of one pool need. See ../README.md, "Code". */
export class OutgoingCode {
  /** The real path of the folder whose files travel. */
  readonly root: string;
  readonly isShipped: boolean;
  readonly #limit: number | undefined;
  /** Files that are sent although no text names them. */
  readonly #included: readonly string[];
  /** In a worker of a host: the root of the host, whose files may stand for those of the tree. */
  readonly #alias: string | undefined;
  /** The files to write to the server, by hash. */
  readonly #pending = new Map<string, Uint8Array>();
  readonly #taken = new Set<string>();
  /** Most messages need no file: one departure does for them. */
  #spare: Departure | undefined;

  constructor(options: CodeOptions = {}) {
    const here = options.root === undefined ? codeHere() : undefined;
    this.root = here === undefined ? projectRoot(options.root) : folderOf(here.tree);
    this.#alias = here && folderOf(here.host);
    this.isShipped = options.ship !== 'never';
    this.#limit = options.limit;
    this.#included = includedFiles(this.root, options.include ?? []);
  }

  /** Runs `pack`, which writes an outgoing message, and notes the files that the message needs. The first message of a pool also needs the included files. */
  collect<T>(pack: () => T, isFirst = false): Needs<T> {
    const departure = this.#spare ?? new Departure(this.root, this.#alias, this.#limit);
    this.#spare = undefined;
    const packed = acrossBorder(departure, pack);
    // Included with every file: a host whose own files are equal must have the included files as well.
    if (isFirst || !departure.isEmpty) departure.include(this.#included);
    if (!departure.isEmpty) return { packed, code: this.#note(departure) };
    this.#spare = departure;
    return { packed, code: undefined };
  }

  /** Returns the files that were not taken yet. */
  take(): readonly Content[] {
    if (this.#pending.size === 0) return NONE;
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

function folderOf(url: string): string {
  return pathOf(url).replace(/(?<=.)\/$/, '');
}
