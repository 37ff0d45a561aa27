/**
 * The contents of variables that functions of one script share. Each content is encoded as a message of its own, beside the messages that name
 * the variable. A receiver therefore has one copy, and gets the content again only if it has changed. functions/README.md has the rule.
 */

/** The number of words before the envelope of a content in its block. */
export const CONTENT_WORDS = 6;

/** The encoded content of a variable. */
export interface Content {
  /** The member that sends the content, and its number for the variable. */
  readonly sender: number;
  readonly variable: number;
  /** Different contents of a sender have different versions. */
  readonly version: number;
  /** The bytes; empty while the content is in the heap as the variable's latest. */
  bytes: Uint8Array;
  /** Large binaries: the sender's own memory, to be stored before other code runs. */
  blobs: readonly Uint8Array[];
  /** The shared objects that it refers to. A content with such objects is stored again for each message, so that it does not keep them alive for longer. */
  readonly handles: readonly number[];
  /** Its place in the heap while it is the variable's latest content, 0 before; written by the channel. */
  offset: number;
  /** Releases that place; written by the channel. */
  release: () => void;
}

/** A content that has come with a message. */
export interface ArrivingContent {
  readonly sender: number;
  readonly variable: number;
  readonly version: number;
  /** Decodes the content. `began` is called while it is read, with the object that it will be, or `undefined` before that object exists. */
  read(began: (root: () => object | undefined) => void): unknown;
}

/** What is known while one message and the contents that it needs are made. Both sets keep the order of insertion. */
export interface Capture {
  /** The variables that were found to be up to date. */
  readonly seen: Set<object>;
  /** The variables whose contents are sent with the message. */
  readonly sent: Set<object>;
}

/** Removes the items of a set that were added after it had `size` items. */
export function truncate(set: Set<object>, size: number): void {
  if (set.size === size) return;
  for (const late of [...set].slice(size)) set.delete(late);
}

const standIns = new WeakMap<object, object>();
let madeStandIns = 0;

/** Returns the object that is written in place of a captured object, within the family; `undefined` if it is written itself. */
export function standInFor(object: object): object | undefined {
  return standIns.get(object);
}

/** Makes `standIn` be written in place of an object from now on. */
export function standFor(object: object, standIn: object): void {
  standIns.set(object, standIn);
  madeStandIns++;
}

/** Returns the number of objects that have a replacement. While it stays the same, each object is written in the same way. */
export function standInsSoFar(): number {
  return madeStandIns;
}

let take: ((contents: readonly ArrivingContent[]) => boolean) | undefined;
let changes = 0;

/** Sets the function that takes the contents of an arrived message; it returns true if any of them was new. The layer of functions calls this once. */
export function onContents(callback: (contents: readonly ArrivingContent[]) => boolean): void {
  take = callback;
}

/** Hands over the contents that came with a message, before the message is decoded. */
export function contentsArrived(contents: readonly ArrivingContent[]): void {
  if (contents.length === 0) return;
  let isChange = true;
  try {
    isChange = take?.(contents) ?? false;
  } finally {
    if (isChange) changes++;
  }
}

/** Returns how often variables have got new contents. While it stays the same, so do the variables. */
export function contentChanges(): number {
  return changes;
}
