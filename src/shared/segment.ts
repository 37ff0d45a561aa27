import { constants as sizes } from 'node:buffer';
import { PlatformError, StateError } from '../contracts/errors.ts';
import { fs, randomHex } from '../engine/builtins.ts';
import { files } from '../platform/choose.ts';
import { OwnView } from './own-view.ts';
import { dropSegment, holdSegment, isLeaving } from './segment-holds.ts';
import { closeDraft, forgetSegment, noteSegment, openDraft, sweepSegments } from './segment-owners.ts';

/** The largest size of one view; a longer one ends Node 20. */
const MAX_BYTES = sizes.MAX_LENGTH;

/** A named file of shared memory, mapped by this process. */
export class Segment {
  readonly name: string;
  /** Tells the segment from later ones of the same name. */
  readonly inode: number;
  readonly size: number;
  /** `undefined` after `close()`. */
  #view: OwnView | undefined;
  /** The note that this process uses the segment. */
  readonly #hold: { fd: number };

  private constructor(name: string, fd: number) {
    const { ino, size } = fs.fstatSync(fd);
    this.name = name;
    this.inode = ino;
    this.size = size;
    const hold = { fd };
    this.#hold = hold;
    this.#view = new OwnView(fd, 0, size, () => dropSegment(hold.fd));
  }

  /**
   * Makes a segment of zeros; without a name it gets a new one. Throws a `StateError` if the name is taken. A persistent segment has no
   * owner: only `unlink` removes it.
   */
  static create(size: number, name: string | undefined, persists: boolean): Segment {
    checkSize(size);
    // This comes first, because the wanted name may be a dead maker's.
    sweepSegments();
    for (;;) {
      const segment = Segment.#tryCreate(size, name ?? `multiproc_${randomHex(6)}`);
      if (segment !== undefined) {
        // Its maker was noted until here, so that a maker that is killed earlier leaves nothing behind.
        if (persists) forgetSegment(segment.inode);
        return segment;
      }
      if (name !== undefined) throw taken(name);
    }
  }

  /** Makes a segment that no other process sees, and gives it its name when it is complete; returns `undefined` if the name is taken. */
  static #tryCreate(size: number, name: string): Segment | undefined {
    const { fd, path } = openDraft();
    let segment: Segment | undefined;
    let isPublished = false;
    try {
      fs.ftruncateSync(fd, size);
      if (!files().reserve(fd, size)) throw noRoom(size);
      holdSegment(fd);
      segment = new Segment(name, fd);
      isPublished = publish(segment, path);
      return isPublished ? segment : undefined;
    } finally {
      if (segment === undefined) dropOrClose(fd);
      else if (!isPublished) segment.close();
      closeDraft(path);
    }
  }

  /** Maps the segment of this name. Throws a `StateError` if there is none, or if another user could truncate it. */
  static attach(name: string): Segment {
    sweepSegments();
    return Segment.receive(name, undefined);
  }

  /**
   * Maps a segment that another process has sent, even if that process is dead by now. Throws a `StateError` if the name belongs to
   * another segment.
   */
  static receive(name: string, inode: number | undefined): Segment {
    const path = pathOf(name);
    let fd: number;
    try {
      fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missing(name, error);
      throw error;
    }
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) throw new StateError(`${path} is no shared memory.`);
      // Reading memory of a truncated file ends a process by SIGBUS.
      if (stat.uid !== process.geteuid?.() || (stat.mode & 0o022) !== 0) throw notOurs(name);
      if (!holdSegment(fd) || (inode !== undefined && inode !== stat.ino)) throw missing(name);
      if (stat.size === 0)
        throw new StateError(`The shared memory '${name}' is empty: its maker has not given it a size yet.`);
      checkSize(stat.size);
      return new Segment(name, fd);
    } catch (error) {
      dropOrClose(fd);
      throw error;
    }
  }

  /** The bytes themselves; `undefined` after `close()`. */
  get buffer(): ArrayBuffer | undefined {
    return this.#view?.buffer;
  }

  /** Releases the memory at once. Existing views read as zeros. */
  close(): void {
    const view = this.#view;
    if (view === undefined) return;
    this.#view = undefined;
    view.blank();
    dropSegment(this.#hold.fd);
    this.#hold.fd = -1;
  }

  /** Removes the name: no process can attach any more, attached processes go on. Throws a `StateError` if the name is gone already. */
  unlink(): void {
    const path = pathOf(this.name);
    const isThere = fs.statSync(path, { throwIfNoEntry: false })?.ino === this.inode;
    if (isThere) fs.unlinkSync(path);
    forgetSegment(this.inode);
    if (!isThere && !isLeaving()) throw missing(this.name);
  }
}

/** Gives a finished segment its name, by one system call; returns false if the name is taken. */
function publish(segment: Segment, draft: string): boolean {
  noteSegment(segment.inode, segment.name);
  try {
    fs.linkSync(draft, pathOf(segment.name));
    return true;
  } catch (error) {
    forgetSegment(segment.inode);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function dropOrClose(fd: number): void {
  if (!dropSegment(fd)) fs.closeSync(fd);
}

function pathOf(name: string): string {
  return `${files().segmentFolder}/${name}`;
}

function checkSize(size: number): void {
  if (size > MAX_BYTES) {
    throw new RangeError(
      `This Node can look at ${MAX_BYTES} bytes of shared memory at once, not at ${size}: use several.`,
    );
  }
}

function taken(name: string): StateError {
  return new StateError(`There is shared memory of the name '${name}' already: attach to it, or take another name.`);
}

function missing(name: string, cause?: unknown): StateError {
  return new StateError(`There is no shared memory of the name '${name}', or no more: it was removed, or never made.`, {
    cause,
  });
}

function notOurs(name: string): StateError {
  return new StateError(
    `The shared memory '${name}' is another user's, or one that others may write to: they could cut it off while it is in use. Have this user make it, with mode 0600.`,
  );
}

function noRoom(size: number): PlatformError {
  const { segmentFolder } = files();
  return new PlatformError(
    `There is no room for ${size} bytes in ${segmentFolder}: remove what is there, or make it larger.`,
  );
}
