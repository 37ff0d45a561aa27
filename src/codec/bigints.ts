/** BigInts on the wire: those of 64 bits as they are, others by sign and magnitude. */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { BIGINT, BIGINT64 } from './tags.ts';

/** The size in bytes of the largest BigInt of the engine. */
const MAX_BYTES = 2 ** 27;

/** Writes a BigInt with its tag. */
export function writeBigint(value: bigint, out: ByteWriter): void {
  if (BigInt.asIntN(64, value) === value) {
    out.reserve(9);
    out.bytes[out.position] = BIGINT64;
    out.view.setBigInt64(out.position + 1, value, true);
    out.position += 9;
    return;
  }
  const hex = (value < 0n ? -value : value).toString(16);
  const size = Math.ceil(hex.length / 2);
  out.byte(BIGINT);
  out.byte(value < 0n ? 1 : 0);
  out.uint(size);
  out.reserve(size);
  out.bytes.write(hex.padStart(2 * size, '0'), out.position, size, 'hex');
  out.position += size;
}

/** Reads a BigInt after the tag BIGINT. */
export function readBigint(input: ByteReader): bigint {
  const negative = input.byte() === 1;
  const size = input.uint();
  const at = input.take(size);
  if (size > MAX_BYTES) input.corrupt('an integer is too large');
  const { buffer, byteOffset } = input.bytes;
  const hex = Buffer.from(buffer as ArrayBuffer, byteOffset + at, size).toString('hex');
  const magnitude = BigInt(`0x${hex || '0'}`);
  return negative ? -magnitude : magnitude;
}
