/** The kinds of records in a ring. The first word of a record has its kind. */
export const record = {
  /** One word: a number. */
  INT: 1,
  /** An envelope; its size in words is in the upper bits. */
  INLINE: 2,
  /** One word: the granule of a block that holds the envelope. */
  OUT: 3,
} as const;
export const KIND_BITS = 2;

/** Envelopes from this size on (words) get a block to themselves. */
export const INLINE_WORDS = 2 ** 13;
