import { reach } from '#dist/codec/extension.js';
import { decoders, encoders } from '#dist/codec/spares.js';

/** A message as it stands after the encoder has gone on to others. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly blobs: ArrayBuffer[];
  readonly handles: number[];
}

/** Encodes, and copies what a channel would copy. */
export function send(value: unknown, root = ''): Sent {
  return encoders.with((encoder) => {
    const { bytes, length, blobs, handles } = encoder.encode(value, root);
    return {
      bytes: Uint8Array.from(bytes.subarray(0, length)),
      blobs: blobs.map((b) => Uint8Array.from(b).buffer),
      handles,
    };
  });
}

/** Decodes, from the middle of larger memory as a ring would have it. */
export function receive({ bytes, blobs, handles }: Sent): unknown {
  const around = new Uint8Array(bytes.length + 16).fill(0xee);
  around.set(bytes, 8);
  return decoders.with((decoder) =>
    decoder.decode(around, 8, bytes.length, (i) => blobs[i] as ArrayBuffer, handles, reach.FAMILY),
  );
}

/** What arrives when `value` is sent. */
export function roundTrip<T>(value: T): T {
  return receive(send(value)) as T;
}
