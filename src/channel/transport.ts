import { contentsArrived } from '../codec/captured-contents.ts';
import { withDecoder } from '../codec/decoder.ts';
import { type Message, withEncoder } from '../codec/encoder.ts';
import { reach } from '../codec/extension.ts';
import { type Family, retainObject } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { needMuchStack, needStack } from '../memory/stack-room.ts';
import {
  type Blob,
  claimParcel,
  discardParcel,
  isStored,
  type Parcel,
  parcelWords,
  readAttachments,
  surrenderParcel,
  writeParcel,
} from '../ring/parcel.ts';
import { copyBlob, openBlob, storeBlob } from './blobs.ts';
import { contentsAmong, placeContent } from './contents.ts';

const NO_BLOBS: Blob[] = [];
const NO_VERSIONS: readonly number[] = [];

/** A parcel as its sender has it. */
export interface PackedParcel extends Parcel {
  /** URLs of modules that the receiver should import before it unpacks. */
  readonly modules: readonly string[];
  /** Of the variables that it names: what it refers to is the same as long as these are. */
  readonly versions: readonly number[];
}

/** A parcel that stands in a block. */
export interface StoredParcel {
  readonly block: number;
  readonly versions: readonly number[];
}

/**
 * Makes a value ready to cross; it holds what it refers to until it is pushed or discarded. Its bytes are the encoder's: they
 * last until the next value is packed, see `keepParcel`. `root` is how errors name the value; for `isTuple` see `Encoder.encode`.
 */
export function pack(family: Family, value: unknown, root: string, isTuple = false): PackedParcel {
  // An overflow deep in a value is the caller's; here it would leave an encoder that thinks it is at work.
  needMuchStack();
  return withEncoder((encoder) => take(family, encoder.encode(value, root, reach.FAMILY, isTuple)));
}

/** As `pack`; `undefined` where a parcel that is stored says the same: nothing has been copied then. */
export function packUnlessStored(
  family: Family,
  value: unknown,
  root: string,
  stored: StoredParcel | undefined,
): PackedParcel | undefined {
  needMuchStack();
  return withEncoder((encoder) => {
    const message = encoder.encode(value, root, reach.FAMILY);
    return stored !== undefined && saysTheSame(family, stored, message) ? undefined : take(family, message);
  });
}

function saysTheSame(family: Family, { block, versions }: StoredParcel, message: Message): boolean {
  const { contents } = message;
  if (contents.length !== versions.length || contents.some(({ version }, i) => version !== versions[i])) return false;
  return isStored(family, block, 0, message);
}

/** Takes into this member's hand what goes beside a message. */
function take(family: Family, message: Message): PackedParcel {
  const { bytes, length, handles, modules, contents } = message;
  if (message.blobs.length === 0 && handles.length === 0 && contents.length === 0)
    return { bytes, length, blobs: NO_BLOBS, handles, modules, versions: NO_VERSIONS };
  const blobs: Blob[] = [];
  const placed: number[] = [];
  try {
    for (const bytes of message.blobs) blobs.push(storeBlob(family, bytes));
    for (const content of contents) placed.push(placeContent(family, content));
    family.holdings.reserve(handles.length + placed.length);
  } catch (error) {
    discardParcel(family, { blobs, handles: placed });
    throw error;
  }
  for (const handle of handles) retainObject(family, handle);
  const all = placed.length === 0 ? handles : [...handles, ...placed];
  const parcel = { bytes, length, blobs, handles: all, modules, versions: contents.map(({ version }) => version) };
  claimParcel(family, parcel);
  return parcel;
}

/** A parcel that outlasts the packing of other values. */
export function keepParcel(parcel: Parcel): Parcel {
  // Not `slice`: the encoder's bytes are a Buffer, whose slices are views.
  return { ...parcel, bytes: new Uint8Array(parcel.bytes.subarray(0, parcel.length)) };
}

/** The value of a parcel that this member has taken out, whose bytes start at `start`; the parcel is used up in any case. */
export function unpack(family: Family, parcel: Parcel, start: number): unknown {
  needStack();
  if (parcel.blobs.length === 0 && parcel.handles.length === 0) {
    return withDecoder((decoder) =>
      decoder.decode(parcel.bytes, start, parcel.length, noBlob, parcel.handles, reach.FAMILY),
    );
  }
  const blobs = parcel.blobs.splice(0);
  const unopened = new Set(blobs);
  const open = (index: number): ArrayBuffer => {
    const blob = blobs[index]!;
    unopened.delete(blob);
    return openBlob(family, blob);
  };
  try {
    contentsArrived(contentsAmong(family, parcel.handles));
    return withDecoder((decoder) =>
      decoder.decode(parcel.bytes, start, parcel.length, open, parcel.handles, reach.FAMILY),
    );
  } finally {
    // What the value refers to has been retained by the handles that were made of it.
    discardParcel(family, { blobs: [...unopened], handles: parcel.handles, holds: parcel.holds });
  }
}

/** Gives back the block that a message stood in; 0 is none. Never throws: the message is read, and our burial finds the block. */
export function giveBack(family: Family, block: number): void {
  if (block === 0) return;
  try {
    family.allocator.free(block);
  } catch {
    // As where the stack is all but full.
  }
}

function noBlob(): never {
  throw new Error('The message refers to a binary that it does not have.');
}

/**
 * Packs a value into a block of its own, for any number of readers; whoever fails leaves nothing behind. The block is shared memory's:
 * who notes where it is gives it back by `discardShared`.
 */
export function packShared(family: Family, value: unknown, root: string): number {
  const parcel = pack(family, value, root);
  let block = 0;
  try {
    block = family.allocator.allocate(parcelWords(parcel) * 4, 0, true);
    writeParcel(family, block, wordIndex(block), parcel);
    surrenderParcel(family, parcel);
    return block;
  } catch (error) {
    discardParcel(family, parcel);
    if (block !== 0) family.allocator.free(block);
    throw error;
  }
}

/** Gives such a block back, and what its parcel holds; 0 is none. */
export function discardShared(family: Family, block: number): void {
  if (block === 0) return;
  discardParcel(family, readAttachments(family.heap.words(block), wordIndex(block)));
  family.allocator.free(block);
}

/** The value of a parcel that stays where it is, for others to read too: its large binaries are copied. */
export function unpackShared(family: Family, parcel: Parcel, start: number): unknown {
  needStack();
  contentsArrived(contentsAmong(family, parcel.handles));
  const open = (index: number): ArrayBuffer => copyBlob(family, parcel.blobs[index]!);
  return withDecoder((decoder) =>
    decoder.decode(parcel.bytes, start, parcel.length, open, parcel.handles, reach.FAMILY),
  );
}
