import { isMainThread } from 'node:worker_threads';
import { fs } from '../builtins.ts';
import { files } from '../platform/choose.ts';
import { leaveSegments } from './segment-owners.ts';

/** Descriptors of the segments that this process looks at; the lock on each keeps sweepers off. */
const held = new Set<number>();
let tidies = false;
let leaving = false;

/** Locks an open segment for as long as this process looks at it; false if it is being removed just now. */
export function holdSegment(fd: number): boolean {
  if (!files().tryLock(fd, 'shared') || fs.fstatSync(fd).nlink === 0) return false;
  held.add(fd);
  // Another thread ends long before the process that is named as the maker.
  if (!tidies && isMainThread) process.on('exit', leave);
  tidies = true;
  return true;
}

/** Ends what `holdSegment` began, and closes the descriptor; false if it is not held. */
export function dropSegment(fd: number): boolean {
  if (!held.delete(fd)) return false;
  fs.closeSync(fd);
  return true;
}

/** True once this process has given up its segments because it ends. */
export function isLeaving(): boolean {
  return leaving;
}

function leave(): void {
  leaving = true;
  // The memory stays mapped to the very end: others' handlers may still use it.
  for (const fd of held) files().unlock(fd);
  leaveSegments();
}
