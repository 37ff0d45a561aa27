import { contentsArrived } from '../codec/captured-contents.ts';
import { withDecoder } from '../codec/decoder.ts';
import { type Message, withEncoder } from '../codec/encoder.ts';
import { reach } from '../codec/extension.ts';
import type { Family } from '../memory/family.ts';
import { needMuchStack, needStack } from '../memory/stack-room.ts';
import { type Blob, discardParcel, holdHandles, isStored, type Parcel } from '../ring/parcel.ts';
import { copyBlob, openBlob, storeBlob } from './blobs.ts';
import { contentsAmong, placeContent } from './contents.ts';

const NO_BLOBS: Blob[] = [];
const NO_VERSIONS: readonly number[] = [];

/** A parcel as its sender has it. */
export interface PackedParcel extends Parcel {
  /** URLs of modules that the receiver should import before it unpacks. */
  readonly modules: readonly string[];
  /** The versions of the variables that the parcel names: if they are unchanged, so is what it refers to. */
  readonly versions: readonly number[];
}

/** A parcel in a block of the heap. */
export interface StoredParcel {
  readonly block: number;
  readonly versions: readonly number[];
}

/**
 * Packs a value for sending. The parcel holds the objects that the value refers to until it is pushed or discarded. Its bytes belong to
 * the encoder and last until the next value is packed; see `keepParcel`. `root` is the name of the value in errors; for `isTuple` see
 * `Encoder.encode`.
 */
export function pack(family: Family, value: unknown, root: string, isTuple = false): PackedParcel {
  // A stack overflow deep in a value belongs to the caller; here it would leave an encoder that believes it is at work.
  needMuchStack();
  return withEncoder((encoder) => take(family, encoder.encode(value, root, reach.FAMILY, isTuple)));
}

/** Packs a value as `pack` does. Returns `undefined` if a stored parcel has the same contents; nothing has been copied then. */
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

/** Takes the blobs and shared objects of a message into this member's hand. */
function take(family: Family, message: Message): PackedParcel {
  const { bytes, length, handles, modules, contents } = message;
  if (message.blobs.length === 0 && handles.length === 0 && contents.length === 0)
    return { bytes, length, blobs: NO_BLOBS, handles, modules, versions: NO_VERSIONS };
  const versions = contents.map(({ version }) => version);
  const parcel: PackedParcel = { bytes, length, blobs: [], handles: [], holds: [], modules, versions };
  try {
    for (const bytes of message.blobs) parcel.blobs.push(storeBlob(family, bytes));
    holdHandles(family, parcel, handles);
    for (const content of contents) {
      const { object, entry } = placeContent(family, content);
      parcel.handles.push(object);
      parcel.holds!.push(entry);
    }
    return parcel;
  } catch (error) {
    discardParcel(family, parcel);
    throw error;
  }
}

/** Returns a parcel that outlasts the packing of other values. */
export function keepParcel(parcel: Parcel): Parcel {
  // Not `slice`: the encoder's bytes are a Buffer, whose slices are views.
  return { ...parcel, bytes: new Uint8Array(parcel.bytes.subarray(0, parcel.length)) };
}

/** Decodes a parcel that this member has taken out, whose bytes start at `start`. The parcel is used up even if this throws. */
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
    // The handles that were made for the value have retained the objects that it refers to.
    discardParcel(family, { blobs: [...unopened], handles: parcel.handles, holds: parcel.holds });
  }
}

/** Frees the block of a message; 0 is none. Never throws: the message has been read, and the reclaim of this member would find the block. */
export function giveBack(family: Family, block: number): void {
  if (block === 0) return;
  try {
    family.allocator.free(block);
  } catch {
    // The stack is almost full, for example.
  }
}

function noBlob(): never {
  throw new Error('The message refers to a binary that it does not have.');
}

/** Decodes a parcel that stays where it is, for others to read too: its large binaries are copied. */
export function unpackShared(family: Family, parcel: Parcel, start: number): unknown {
  needStack();
  contentsArrived(contentsAmong(family, parcel.handles));
  const open = (index: number): ArrayBuffer => copyBlob(family, parcel.blobs[index]!);
  return withDecoder((decoder) =>
    decoder.decode(parcel.bytes, start, parcel.length, open, parcel.handles, reach.FAMILY),
  );
}
