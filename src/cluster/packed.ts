import type { Reach } from '../codec/extension.ts';
import { decoders, encoders } from '../codec/spares.ts';
import { frame, HEADER_BYTES, isPlainFrame, kind, MAX_MESSAGE_BYTES, plainFrame } from '../connection/frame.ts';
import { type Frame, FrameReader } from '../connection/frame-reader.ts';
import { SerializationError } from '../contracts/errors.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { concat } from './tasks/joined-bytes.ts';

/** Packs a value into bytes: a message as on a socket. Throws a `SerializationError` with the path from `root` if a part cannot be sent to `far`. */
export function packValue(value: unknown, root: string, far: Reach): Uint8Array {
  return packWithModules(value, root, far).packed;
}

/** Packs a value as `packValue` does, and lists the modules that the receiver should import before it unpacks the value. */
export function packWithModules(
  value: unknown,
  root: string,
  far: Reach,
): { readonly packed: Uint8Array; readonly modules: readonly string[] } {
  needMuchStack();
  return encoders.with((encoder) => {
    const { bytes, length, blobs, modules } = encoder.encode(value, root, far);
    if (blobs.length === 0 && length < MAX_MESSAGE_BYTES)
      return { packed: plainFrame(bytes.subarray(0, length)), modules };
    const pieces = frame(kind.VALUE, bytes.subarray(0, length), blobs, true);
    if (pieces === undefined)
      throw new SerializationError(`Cannot send ${root}: it has more bytes than a message may.`, root);
    // Memory of its own: a piece of a pooled buffer would travel with the pool.
    return { packed: concat(pieces), modules };
  });
}

/** Returns the value of packed bytes. `far` says who may have written them. */
export function unpackValue(packed: Uint8Array, far: Reach): unknown {
  // Most values are small, and are decoded where they stand.
  if (isPlainFrame(packed)) {
    needMuchStack();
    const length = packed.length - HEADER_BYTES;
    return decoders.with((decoder) => decoder.decode(packed, HEADER_BYTES, length, noBlob, [], far));
  }
  let message: Frame | undefined;
  new FrameReader((whole) => (message = whole)).ingest(packed);
  if (message === undefined || message.kind !== kind.VALUE) throw damaged();
  const { body, blobs } = message;
  const blob = (index: number): ArrayBuffer => {
    if (blobs[index] === undefined) throw damaged();
    return blobs[index].buffer as ArrayBuffer;
  };
  needMuchStack();
  return decoders.with((decoder) => decoder.decode(body, 0, body.length, blob, [], far));
}

function noBlob(): never {
  throw damaged();
}

function damaged(): SerializationError {
  return new SerializationError('An item of the cluster is damaged: it is no whole message.', '');
}
