/**
 * What variables hold that functions of one script share. Each is encoded as a message of its own, which goes beside those that name
 * the variable: so a receiver has one of it, and is sent it again only where it has changed. functions/README.md has the rule.
 */

/** How many words stand before the parcel of a content in its block. */
export const CONTENT_WORDS = 6;

/** What a variable holds, encoded. */
export interface Content {
  /** The member that sends it, and its number for the variable. */
  readonly sender: number;
  readonly variable: number;
  /** No two contents of a sender have the same, unless they are the same. */
  readonly version: number;
  /** Empty where it stands in the heap as the variable's latest. */
  bytes: Uint8Array;
  /** Large binaries: the sender's own memory, to be stored before other code runs. */
  blobs: readonly Uint8Array[];
  /** The shared objects that it refers to. A content that has some is stored for each message anew, so that it holds nothing for longer. */
  readonly handles: readonly number[];
  /** Where it stands in the heap for as long as it is the variable's latest, 0 before that; written by the channel. */
  offset: number;
  /** Lets go of that place; written by the channel. */
  release: () => void;
}

/** A content that has come with a message. */
export interface ArrivingContent {
  readonly sender: number;
  readonly variable: number;
  readonly version: number;
  /** Decodes it; `began` is given a look at the object that it will be, while that is read, or `undefined` before there is one. */
  read(began: (root: () => object | undefined) => void): unknown;
}

/** What is known while one message is made, also by those who make the contents that it needs. Both sets are in the order of time. */
export interface Capture {
  /** The variables whose contents are as they are now. */
  readonly seen: Set<object>;
  /** Those whose contents go with the message. */
  readonly sent: Set<object>;
}

/** Takes out of a set what was added after it had so many. */
export function truncate(set: Set<object>, size: number): void {
  if (set.size === size) return;
  for (const late of [...set].slice(size)) set.delete(late);
}

const standIns = new WeakMap<object, object>();
let madeStandIns = 0;

/** What is written within the family for an object among the values that functions captured, if that is something else. */
export function standInFor(object: object): object | undefined {
  return standIns.get(object);
}

/** Has something else written for an object from now on. */
export function standFor(object: object, standIn: object): void {
  standIns.set(object, standIn);
  madeStandIns++;
}

/** How many objects have got one: as long as that is the same, what is written for an object is the same. */
export function standInsSoFar(): number {
  return madeStandIns;
}

let take: ((contents: readonly ArrivingContent[]) => boolean) | undefined;
let changes = 0;

/** Says who takes contents that have come, and answers whether any of them was another one; the layer of functions does, once. */
export function onContents(callback: (contents: readonly ArrivingContent[]) => boolean): void {
  take = callback;
}

/** Hands over what has come with a message, before that is decoded. */
export function contentsArrived(contents: readonly ArrivingContent[]): void {
  if (contents.length === 0) return;
  let isChange = true;
  try {
    isChange = take?.(contents) ?? false;
  } finally {
    if (isChange) changes++;
  }
}

/** How often variables have been given other contents: as long as that is the same, so are they. */
export function contentChanges(): number {
  return changes;
}
