import { threadId } from 'node:worker_threads';
import { PlatformError } from '../contracts/errors.ts';
import { basename, dirname, fs, randomHex } from '../engine/builtins.ts';
import { currentFamily } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { files, processes } from '../platform/choose.ts';

/**
 * Who made which named segment, so that those of dead makers are found and removed. README.md, "Named segments", is the protocol.
 *
 *   /dev/shm/.multiproc-<user>/                    one folder for each user
 *     <namespace>-<process>-<start time>/          one for each process that has made segments, with its lock on it
 *       <inode> -> <name>                          one link for each segment
 *       new-…                                      a segment that is not finished yet
 */

/** The folder in which this process notes its segments, and the descriptor that holds the lock on it. */
let own: { readonly path: string; readonly fd: number } | undefined;

/** Opens a new file for a segment that no other process may see before it is complete; returns its descriptor and path. */
export function openDraft(): { fd: number; path: string } {
  for (;;) {
    own ??= settle();
    const path = `${own.path}/new-${threadId}-${randomHex(6)}`;
    try {
      return { fd: fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600), path };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // The folder was empty, and the process that took the last note out has removed it.
      fs.closeSync(own.fd);
      own = undefined;
    }
  }
}

/** Removes the draft's own name, whatever has happened to the draft. */
export function closeDraft(path: string): void {
  remove(path);
  removeIfEmpty(dirname(path));
}

/** Notes that this process is about to publish a segment of which it has a draft. */
export function noteSegment(inode: number, name: string): void {
  fs.symlinkSync(name, `${own!.path}/${inode}`);
}

/** Erases the note of a segment, no matter which process has made it. */
export function forgetSegment(inode: number): void {
  for (const owner of list(userFolder())) {
    if (remove(`${userFolder()}/${owner}/${inode}`)) removeIfEmpty(`${userFolder()}/${owner}`);
  }
}

/** Removes the segments of dead makers, except those that a process of this library still uses. */
export function sweepSegments(): void {
  for (const owner of list(userFolder())) if (!isAlive(owner)) sweepOwner(owner);
}

function userFolder(): string {
  return `${files().segmentFolder}/.multiproc-${process.getuid?.() ?? 0}`;
}

function settle(): { path: string; fd: number } {
  const user = userFolder();
  const path = `${user}/${ownName()}`;
  for (;;) {
    makePrivate(user);
    let fd: number;
    try {
      make(path);
      fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    } catch (error) {
      // Another process has removed the folder, which was empty.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    // Before there was a lock, a sweeper that cannot see this process may have removed the folder.
    if (files().tryLock(fd, 'shared') && isStill(path, fd)) return { path, fd };
    fs.closeSync(fd);
  }
}

function make(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Makes the user's folder, unless it exists and belongs to this user alone. */
function makePrivate(folder: string): void {
  try {
    make(folder);
  } catch (cause) {
    throw new PlatformError(`Named shared memory needs ${files().segmentFolder}, where no folder can be made.`, {
      cause,
    });
  }
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0))
    return;
  throw new PlatformError(`${folder} must be a folder of this user that nobody else may enter: have it removed.`);
}

function isStill(path: string, fd: number): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.ino === fs.fstatSync(fd).ino;
}

/** Returns the name of a process's folder. */
function ownerName(pid: number, startTime: number): string {
  return `${processes('Named shared memory').processNamespace()}-${pid}-${startTime}`;
}

function ownName(): string {
  const startTime = processes('Named shared memory').startTime(process.pid, process.pid);
  if (typeof startTime === 'number') return ownerName(process.pid, startTime);
  throw new PlatformError(
    'This process cannot read its own file in /proc: /proc must be mounted, and one descriptor be free.',
  );
}

/** False only if the process is certainly dead: its segments are then removed. */
function isAlive(owner: string): boolean {
  const [namespace, pid] = owner.split('-');
  if (namespace === processes('Named shared memory').processNamespace()) {
    const startTime = processes('Named shared memory').startTime(Number(pid), Number(pid));
    return startTime === 'unknown' || (startTime !== 'gone' && ownerName(Number(pid), startTime) === owner);
  }
  // The process id has no meaning here, but the lock has.
  try {
    const fd = fs.openSync(`${userFolder()}/${owner}`, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      return !files().tryLock(fd, 'exclusive');
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function sweepOwner(owner: string): void {
  const folder = `${userFolder()}/${owner}`;
  for (const entry of list(folder)) {
    const isNote = /^\d+$/.test(entry);
    if (!isNote || isSwept(Number(entry), `${folder}/${entry}`)) remove(`${folder}/${entry}`);
  }
  removeIfEmpty(folder);
}

/** Removes the segment of a note. Returns false if a process uses it or may use it, or if it cannot be removed now. */
function isSwept(inode: number, note: string): boolean {
  let fd: number;
  let path = '';
  try {
    path = `${files().segmentFolder}/${fs.readlinkSync(note)}`;
    fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP') return true;
    // A file of another user is not ours. If descriptors have run out, for example, it is left to the next sweep.
    return code === 'EACCES' && path !== '' && fs.lstatSync(path, { throwIfNoEntry: false })?.ino !== inode;
  }
  try {
    if (fs.fstatSync(fd).ino !== inode) return true;
    if (!files().tryLock(fd, 'exclusive')) return false;
    // With the lock on it, no other process sweeps it: the file of this name is still it, or a new one that must not be touched. A
    // segment that cannot be removed now keeps its note, for the next sweep.
    return !isStill(path, fd) || remove(path);
  } finally {
    fs.closeSync(fd);
  }
}

/** At the end of this process: gives its segments to the root of its family, or removes them. */
export function leaveSegments(): void {
  if (own !== undefined) {
    const heir = rootFolder();
    if (heir !== undefined && heir !== own.path) bequeath(own.path, heir);
    sweepOwner(basename(own.path));
  }
  sweepSegments();
}

/** Returns the folder of the root of this process's family while the root lives. */
function rootFolder(): string | undefined {
  const members = currentFamily()?.members;
  if (members === undefined) return undefined;
  for (const member of members.all()) {
    if (members.get(member, field.parent) !== 0 || members.isGone(member)) continue;
    return `${userFolder()}/${ownerName(members.get(member, field.pid), members.get(member, field.startTime))}`;
  }
  return undefined;
}

function bequeath(from: string, to: string): void {
  for (const note of list(from)) {
    try {
      make(to);
      fs.renameSync(`${from}/${note}`, `${to}/${note}`);
    } catch {
      // The root has just ended too: the remaining segments are removed with this process.
    }
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/** Removes a file. Returns false if it is gone already, or if this process may not remove it. */
function remove(path: string): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes the folder of an owner without notes, and the user's folder if it was the last. The next process that needs one makes it again. */
function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
    fs.rmdirSync(dirname(folder));
  } catch {
    // The folder is not empty.
  }
}
