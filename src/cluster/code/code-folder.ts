import { fs, NativeDate, os, randomHex } from '../../engine/builtins.ts';
import { hashOf } from './manifest.ts';

const PREFIX = 'multiproc-code-';
/** Above this number of bytes of kept files, files that no pool uses are removed. */
const MOST_KEPT = 256 * 2 ** 20;
/** Milliseconds after which the folder of a killed host is removed. */
const STALE = 3600_000;
/** The number of names of a file that is in no tree: one, by which the folder keeps it. */
const UNUSED_LINKS = 1;

/** A folder that only this host can read. It keeps the files of programs by SHA-256, and has the trees of pools. See ../README.md, "Code". */
export class CodeFolder {
  #path: string | undefined;
  /** Sizes in bytes by hash, the oldest first. */
  readonly #kept = new Map<string, number>();
  readonly #coming = new Map<string, Promise<string>>();
  #bytes = 0;

  /** The path of the folder, which is made at the first use. */
  get path(): string {
    if (this.#path === undefined) {
      const parent = fs.realpathSync(os.tmpdir());
      removeStale(parent);
      const path = fs.mkdtempSync(`${parent}/${PREFIX}${process.pid}-`);
      fs.mkdirSync(`${path}/files`, { mode: 0o700 });
      this.#path = path;
      process.once('exit', () => this.remove());
    }
    return this.#path;
  }

  /** Resolves to the path of the file with this hash; `fetch` brings the bytes if the file is not kept. Rejects if the bytes have another hash. */
  file(hash: string, fetch: () => Promise<Uint8Array>): Promise<string> {
    const path = `${this.path}/files/${hash}`;
    // The folder for temporary files may have been cleaned.
    if (this.#kept.has(hash) && fs.existsSync(path)) return Promise.resolve(path);
    let coming = this.#coming.get(hash);
    if (coming === undefined) {
      coming = fetch()
        .then((bytes) => this.#write(path, hash, bytes))
        .finally(() => this.#coming.delete(hash));
      this.#coming.set(hash, coming);
    }
    return coming;
  }

  /** Marks the folder as in use, so that no other host takes it for the folder of a dead host. */
  touch(): void {
    if (this.#path === undefined) return;
    const now = NativeDate.now() / 1000;
    fs.utimesSync(this.#path, now, now);
  }

  /** Removes the tree of a pool that has ended. If too many bytes are kept, also removes files that no pool uses. */
  removeTree(path: string): void {
    removeAll(path);
    for (const [hash, size] of this.#kept) {
      if (this.#bytes <= MOST_KEPT) break;
      const file = `${this.path}/files/${hash}`;
      if (fs.statSync(file).nlink > UNUSED_LINKS) continue;
      fs.unlinkSync(file);
      this.#kept.delete(hash);
      this.#bytes -= size;
    }
  }

  /** Removes the folder with its contents. */
  remove(): void {
    if (this.#path !== undefined) removeAll(this.#path);
    this.#path = undefined;
    this.#kept.clear();
  }

  #write(path: string, hash: string, bytes: Uint8Array): string {
    if (hashOf(bytes) !== hash) throw new Error('a file of the program is not what its name says');
    const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
    const beside = `${path}.${randomHex(4)}`;
    const fd = fs.openSync(beside, O_CREAT | O_EXCL | O_WRONLY, 0o400);
    try {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(beside, path);
    if (!this.#kept.has(hash)) this.#bytes += bytes.length;
    this.#kept.set(hash, bytes.length);
    return path;
  }
}

/** Removes the folders of killed hosts of this user. */
function removeStale(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      const { uid, mtimeMs } = fs.lstatSync(`${parent}/${name}`);
      if (uid === process.getuid?.() && NativeDate.now() - mtimeMs > STALE) removeAll(`${parent}/${name}`);
    } catch {
      // Another host removes it.
    }
  }
}

function removeAll(path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
