/**
 * One message on a socket: a header of 8 bytes (kind, 0, how many blobs, the length of the body), the lengths of the blobs, the
 * body, the blobs. Numbers are big-endian. Large binaries of a value travel as blobs, so that neither end copies them together.
 */
export const HEADER_BYTES = 8;
export const LENGTH_BYTES = 4;
export const kind = { BYTES: 1, VALUE: 2 } as const;
export type Kind = (typeof kind)[keyof typeof kind];

/** The most bytes that one message may have: what is announced beyond it is no message of ours. */
export const MAX_MESSAGE_BYTES = 2 ** 31;
/** The most blobs: large binaries have 32 KiB or more, so that more of them would be beyond the limit above. */
const MAX_BLOBS = 0xffff;
/** A body up to this size is copied behind its header; a longer one is written from where it stands. */
const COPIED_BYTES = 2 ** 15;

/** A message as it goes out: pieces to be written one after the other. */
export type Pieces = readonly Uint8Array[];

/** Returns a message of a value without blobs as one piece, in memory of its own. The body must be shorter than `MAX_MESSAGE_BYTES`. */
export function plainFrame(body: Uint8Array): Uint8Array {
  const { length } = body;
  const whole = new Uint8Array(HEADER_BYTES + length);
  whole[0] = kind.VALUE;
  for (let i = 0; i < LENGTH_BYTES; i++) whole[HEADER_BYTES - 1 - i] = length >>> (8 * i);
  whole.set(body, HEADER_BYTES);
  return whole;
}

/** True if the bytes are one whole message of a value without blobs: its body begins behind the header. */
export function isPlainFrame(bytes: Uint8Array): boolean {
  if (bytes[0] !== kind.VALUE || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return false;
  let length = 0;
  for (let i = HEADER_BYTES - LENGTH_BYTES; i < HEADER_BYTES; i++) length = length * 256 + bytes[i]!;
  return bytes.length === HEADER_BYTES + length;
}

/** Returns the pieces of a message, or `undefined` where it has more than may be sent. `isScratch`: the body is about to be overwritten. */
export function frame(
  of: Kind,
  body: Uint8Array,
  blobs: readonly Uint8Array[],
  isScratch: boolean,
): Pieces | undefined {
  let total = body.length;
  for (const blob of blobs) total += blob.length;
  if (total > MAX_MESSAGE_BYTES || blobs.length > MAX_BLOBS) return undefined;
  const start = HEADER_BYTES + blobs.length * LENGTH_BYTES;
  const isCopied = isScratch || body.length <= COPIED_BYTES;
  const head = Buffer.allocUnsafe(start + (isCopied ? body.length : 0));
  head[0] = of;
  head[1] = 0;
  head.writeUInt16BE(blobs.length, 2);
  head.writeUInt32BE(body.length, 4);
  for (const [i, blob] of blobs.entries()) head.writeUInt32BE(blob.length, HEADER_BYTES + i * LENGTH_BYTES);
  if (isCopied) head.set(body, start);
  return isCopied ? [head, ...blobs] : [head, body, ...blobs];
}
