import { fs } from '../engine/builtins.ts';
import { isMainThread } from '../engine/main-thread.ts';
import { files } from '../platform/choose.ts';
import { leaveSegments } from './segment-owners.ts';

/** Descriptors of the segments that this process uses; the lock on each keeps sweepers from removing it. */
const held = new Set<number>();
let tidies = false;
let leaving = false;

/** Locks an open segment as long as this process uses it; returns false if the segment is just being removed. */
export function holdSegment(fd: number): boolean {
  if (!files().tryLock(fd, 'shared') || fs.fstatSync(fd).nlink === 0) return false;
  held.add(fd);
  // Only in the main thread: another thread ends long before the process, which is the recorded maker.
  if (!tidies && isMainThread) process.on('exit', leave);
  tidies = true;
  return true;
}

/** Undoes `holdSegment` and closes the descriptor; returns false if it is not held. */
export function dropSegment(fd: number): boolean {
  if (!held.delete(fd)) return false;
  fs.closeSync(fd);
  return true;
}

/** True after this process has released its segments because it ends. */
export function isLeaving(): boolean {
  return leaving;
}

function leave(): void {
  leaving = true;
  // The memory stays mapped until the end: other exit handlers may still use it.
  for (const fd of held) files().unlock(fd);
  leaveSegments();
}
