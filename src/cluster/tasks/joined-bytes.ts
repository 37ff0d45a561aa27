/** From this length on, a piece is sent alone, so that it does not keep the memory of others. */
const LARGE = 4096;

/** Pieces of bytes on their way between a program and its gateway. Small pieces are joined, because each array has a cost of its own. */
export type JoinedBytes = readonly [lengths: readonly number[], small: Uint8Array, large: readonly Uint8Array[]];

/** Joins pieces. */
export function joinBytes(pieces: readonly Uint8Array[]): JoinedBytes {
  const large = pieces.filter(({ length }) => length >= LARGE);
  const small = concat(large.length === 0 ? pieces : pieces.filter(({ length }) => length < LARGE));
  return [pieces.map(({ length }) => length), small, large];
}

/** Returns pieces one behind the other, in memory of their own. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Returns the pieces of joined bytes; small pieces are views of one memory. */
export function splitBytes([lengths, small, large]: JoinedBytes): Uint8Array[] {
  let at = 0;
  let next = 0;
  return lengths.map((length) => {
    if (length >= LARGE) return large[next++]!;
    return small.subarray(at, (at += length));
  });
}
