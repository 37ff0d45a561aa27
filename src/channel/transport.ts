import { contentsArrived } from '../codec/captured-contents.ts';
import { reach } from '../codec/extension.ts';
import type { Message } from '../codec/message-writer.ts';
import { decoders, encoders } from '../codec/spares.ts';
import type { Family } from '../memory/family.ts';
import { needMuchStack, needStack } from '../memory/stack-room.ts';
import { type Blob, discardEnvelope, type Envelope, holdHandles, isAttached, isStored } from '../ring/envelope.ts';
import { copyBlob, openBlob, storeBlob } from './blobs.ts';
import { contentsAmong, placeContent } from './contents.ts';

const NO_BLOBS: Blob[] = [];
const NO_VERSIONS: readonly number[] = [];

/** An envelope as its sender has it. */
export interface PackedEnvelope extends Envelope {
  /** URLs of modules that the receiver should import before it unpacks. */
  readonly modules: readonly string[];
  /** The versions of the variables that the envelope names: if they are unchanged, so is what it refers to. */
  readonly versions: readonly number[];
}

/** An envelope in a block of the heap. */
interface StoredEnvelope {
  readonly block: number;
  readonly versions: readonly number[];
}

/**
 * Packs a value for sending. The envelope holds the objects that the value refers to until it is pushed or discarded. Its bytes belong to
 * the encoder and last until the next value is packed; see `keepEnvelope`. `root` is the name of the value in errors; for `isTuple` see
 * `Encoder.encode`.
 */
export function pack(family: Family, value: unknown, root: string, isTuple = false): PackedEnvelope {
  // A stack overflow deep in a value belongs to the caller; here it would leave an encoder that believes it is at work.
  needMuchStack();
  const encoder = encoders.borrow();
  try {
    return take(family, encoder.encode(value, root, reach.FAMILY, isTuple));
  } finally {
    encoders.giveBack(encoder);
  }
}

/** Packs a value as `pack` does. Returns `undefined` if a stored envelope has the same contents; nothing has been copied then. */
export function packUnlessStored(
  family: Family,
  value: unknown,
  root: string,
  stored: StoredEnvelope | undefined,
): PackedEnvelope | undefined {
  needMuchStack();
  return encoders.with((encoder) => {
    const message = encoder.encode(value, root, reach.FAMILY);
    return stored !== undefined && saysTheSame(family, stored, message) ? undefined : take(family, message);
  });
}

function saysTheSame(family: Family, { block, versions }: StoredEnvelope, message: Message): boolean {
  const { contents } = message;
  if (contents.length !== versions.length || contents.some(({ version }, i) => version !== versions[i])) return false;
  return isStored(family, block, 0, message);
}

/** Takes the blobs and shared objects of a message into this member's hand. */
function take(family: Family, message: Message): PackedEnvelope {
  const { words, bytes, length, handles, modules, contents } = message;
  if (message.blobs.length === 0 && handles.length === 0 && contents.length === 0)
    return { words, bytes, length, blobs: NO_BLOBS, handles, modules, versions: NO_VERSIONS };
  const versions = contents.map(({ version }) => version);
  const envelope: PackedEnvelope = { words, bytes, length, blobs: [], handles: [], holds: [], modules, versions };
  try {
    for (const bytes of message.blobs) envelope.blobs.push(storeBlob(family, bytes));
    holdHandles(family, envelope, handles);
    for (const content of contents) {
      const { object, entry } = placeContent(family, content);
      envelope.handles.push(object);
      envelope.holds!.push(entry);
    }
    return envelope;
  } catch (error) {
    discardEnvelope(family, envelope);
    throw error;
  }
}

/** Returns an envelope that outlasts the packing of other values. */
export function keepEnvelope(envelope: Envelope): Envelope {
  const { length } = envelope;
  const words = new Int32Array((length + 3) >>> 2);
  const bytes = new Uint8Array(words.buffer);
  bytes.set(envelope.bytes.subarray(0, length));
  return { ...envelope, words, bytes };
}

/** Decodes an envelope that this member has taken out, whose bytes start at `start`. The envelope is used up even if this throws. */
export function unpack(family: Family, envelope: Envelope, start: number): unknown {
  needStack();
  // Nothing of the ordinary case is used by a closure, for which each call would make a context.
  return isAttached(envelope) ? unpackAttached(family, envelope, start) : decode(envelope, start, noBlob);
}

function unpackAttached(family: Family, envelope: Envelope, start: number): unknown {
  const blobs = envelope.blobs.splice(0);
  const unopened = new Set(blobs);
  const open = (index: number): ArrayBuffer => {
    const blob = blobs[index]!;
    unopened.delete(blob);
    return openBlob(family, blob);
  };
  try {
    contentsArrived(contentsAmong(family, envelope.handles));
    return decode(envelope, start, open);
  } finally {
    // The handles that were made for the value have retained the objects that it refers to.
    discardEnvelope(family, { blobs: [...unopened], handles: envelope.handles, holds: envelope.holds });
  }
}

function noBlob(): never {
  throw new Error('The message refers to a binary that it does not have.');
}

/** Decodes an envelope that stays where it is, for others to read too: its large binaries are copied. */
export function unpackShared(family: Family, envelope: Envelope, start: number): unknown {
  needStack();
  contentsArrived(contentsAmong(family, envelope.handles));
  const open = (index: number): ArrayBuffer => copyBlob(family, envelope.blobs[index]!);
  return decode(envelope, start, open);
}

function decode(envelope: Envelope, start: number, open: (index: number) => ArrayBuffer): unknown {
  const decoder = decoders.borrow();
  try {
    return decoder.decode(envelope.bytes, start, envelope.length, open, envelope.handles, reach.FAMILY);
  } finally {
    decoders.giveBack(decoder);
  }
}
