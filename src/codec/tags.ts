/**
 * The wire format: a message is a header byte, one value, and (if HAS_BUFFERS) the table of buffers.
 *
 * A value is a tag and what the tag says. `uint` is a whole number: one byte below 254, or 254 and 4 bytes, or 255 and a
 * float64. `string` is a value tagged LATIN1 or UTF16. Everything is little-endian and unaligned. Objects are numbered in the
 * order in which they begin; REFERENCE means one of them by its number.
 */

/** The first byte of every message and section: this format's number in the upper half, flags in the lower. */
export const HEADER = 0x10;
/** Flag: some value is a REFERENCE, so the reader must number the objects. */
export const HAS_REFERENCES = 0x01;
/** Flag: the message ends with the table of buffers (see buffer-table.ts) and, as uint32, the table's position in the message. */
export const HAS_BUFFERS = 0x02;

/** uint n: inside an array n missing elements; inside an object (n = 1) a property that vanished while it was read. */
export const HOLES = 0;
export const UNDEFINED = 1;
export const NULL = 2;
export const TRUE = 3;
export const FALSE = 4;
/** 1 byte b: the number -1 - b. */
export const NEGATIVE = 5;
/** 2 bytes, signed. */
export const INT16 = 6;
/** 4 bytes, signed. */
export const INT32 = 7;
/** 8 bytes: every other number, -0 and NaN among them. */
export const FLOAT64 = 8;
/** uint length, one byte for each code unit: a string without code units above 255. */
export const LATIN1 = 9;
/** uint length in code units, two bytes for each: any other string, lone surrogates included. */
export const UTF16 = 10;
/** 8 bytes, signed. */
export const BIGINT64 = 11;
/** 1 byte sign (1: negative), uint count of bytes, the magnitude with the most significant byte first. */
export const BIGINT = 12;
/** uint length; then values and HOLES until they add up to the length. */
export const ARRAY = 13;
/** As ARRAY, then as DICTIONARY the properties that are no elements. */
export const ARRAY_WITH_PROPERTIES = 14;
/** 4 bytes hash, uint count of keys, uint n, n bytes holding the keys as strings: a new shape, the next number; then the values. */
export const SHAPE = 15;
/** uint number of a shape of this message or section; then the values. */
export const SHAPE_AGAIN = 16;
/** uint count of properties; then key (string) and value of each. */
export const DICTIONARY = 17;
/** uint number of the object. */
export const REFERENCE = 18;
/** 1 byte id of the extension; then what the extension wrote. */
export const EXTENSION = 19;
/** 4 bytes count; then key and value of each. */
export const MAP = 20;
/** 4 bytes count; then the members. */
export const SET = 21;
/** uint number in the table of buffers. */
export const ARRAY_BUFFER = 22;
/** 1 byte class (index into VIEW_CLASSES), uint number of its buffer, uint byte offset, uint length in elements. */
export const VIEW = 23;
/** The milliseconds, as a number; NaN in an invalid date. */
export const DATE = 24;
/** Source and flags, two strings. */
export const REGEXP = 25;
/** The primitive. */
export const BOXED = 26;
/** See error-values.ts. */
export const ERROR = 27;
/** The href, a string. */
export const URL_OBJECT = 28;
/** The query, a string. */
export const URL_QUERY = 29;
/** uint length, 4 bytes for each: an array of at least 32 elements, all of them integers of 32 bits. */
export const INT_ARRAY = 30;
/** uint length, 8 bytes for each: such an array of other numbers. */
export const DOUBLE_ARRAY = 31;
/** 0x80 to 0xff: the numbers 0 to 127 themselves. */
export const SMALL_INT = 0x80;

/** Binary payloads of at least this many bytes travel beside the message, without a copy by the codec. */
export const BLOB_MIN = 32 * 1024;
/** How deep values may nest; a message within it can be read on the smallest default stack. */
export const MAX_DEPTH = 2000;
/** The largest message, in bytes, blobs not counted. */
export const MAX_MESSAGE = 2 ** 30;
/** The largest number of own keys of an object for which its shape is kept. */
export const MAX_SHAPE_KEYS = 64;
