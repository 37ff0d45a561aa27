import type { ByteWriter } from '#dist/codec/byte-writer.js';
import { type Field, registeredExtensions } from '#dist/codec/extension.js';
import * as tags from '#dist/codec/tags.js';
import type { Dice } from './dice.ts';
import { writeFormHead, writeSection } from './letter.ts';
import type { Lures } from './lures.ts';

/** What a message is made of. */
export interface Making {
  readonly out: ByteWriter;
  readonly dice: Dice;
  readonly lures: Lures;
  /** Objects that have begun, shapes that were spelled, buffers that were asked for. */
  objects: number;
  shapes: number;
  buffers: number;
}

type Write = (making: Making, depth: number) => void;

/** A count, of how much there is or of how much there is not. */
function count({ out, dice }: Making, least = 0): number {
  const n = dice.chance(0.85)
    ? least + dice.below(4)
    : dice.pick([100, 1000, 2 ** 16, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]);
  out.uint(n);
  return Math.min(n, 6);
}

function text({ out, dice, lures }: Making): void {
  if (dice.chance(0.6)) out.string(dice.pick(lures.texts));
  else out.string(dice.bytes(dice.below(20)).toString(dice.pick(['latin1', 'hex', 'ucs2'])));
}

/** About this many values. */
function values(making: Making, n: number, depth: number): void {
  for (let i = 0; i < n; i++) writeAny(making, depth - 1);
}

const bare =
  (tag: number, bytes: number): Write =>
  ({ out, dice }) => {
    out.byte(tag);
    out.raw(dice.bytes(bytes));
  };
const texts =
  (tag: number, n: number): Write =>
  (making) => {
    making.out.byte(tag);
    for (let i = 0; i < n; i++) text(making);
  };
/** A container whose count is a `uint` or a word, with this many values for each. */
const container =
  (tag: number, each: number, isWord = false): Write =>
  (making, depth) => {
    const { out, dice } = making;
    making.objects++;
    out.byte(tag);
    const n = isWord ? dice.below(4) : count(making);
    if (isWord) out.word(dice.chance(0.9) ? n : 2 ** 32 - 1);
    values(making, n * each, depth);
  };
const properties: Write = (making, depth) => {
  const n = count(making);
  for (let i = 0; i < n; i++) {
    text(making);
    writeAny(making, depth - 1);
  }
};

/** How each tag is written, by its name in tags.ts. */
export const tagWriters: Readonly<Record<string, Write>> = {
  HOLES: (making) => {
    making.out.byte(tags.HOLES);
    count(making, 1);
  },
  UNDEFINED: bare(tags.UNDEFINED, 0),
  NULL: bare(tags.NULL, 0),
  TRUE: bare(tags.TRUE, 0),
  FALSE: bare(tags.FALSE, 0),
  NEGATIVE: bare(tags.NEGATIVE, 1),
  INT16: bare(tags.INT16, 2),
  INT32: bare(tags.INT32, 4),
  FLOAT64: bare(tags.FLOAT64, 8),
  LATIN1: (making) => text(making),
  UTF16: ({ out, dice }) => {
    out.byte(tags.UTF16);
    out.uint(3);
    out.raw(dice.bytes(6));
  },
  BIGINT64: bare(tags.BIGINT64, 8),
  BIGINT: (making) => {
    making.out.byte(tags.BIGINT);
    making.out.byte(making.dice.below(2));
    making.out.raw(making.dice.bytes(count(making)));
  },
  ARRAY: container(tags.ARRAY, 1),
  ARRAY_WITH_PROPERTIES: (making, depth) => {
    container(tags.ARRAY_WITH_PROPERTIES, 1)(making, depth);
    properties(making, depth);
  },
  SHAPE: (making, depth) => {
    const { out, dice } = making;
    making.objects++;
    making.shapes++;
    out.byte(tags.SHAPE);
    out.word(dice.below(8));
    const keys = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(making.lures.texts));
    out.uint(keys.length);
    out.uint(keys.reduce((sum, key) => sum + Buffer.byteLength(key, 'latin1') + 2, 0));
    for (const key of keys) out.string(key);
    values(making, keys.length, depth);
  },
  SHAPE_AGAIN: (making, depth) => {
    making.objects++;
    making.out.byte(tags.SHAPE_AGAIN);
    making.out.uint(making.dice.below(making.shapes + 1));
    values(making, making.dice.below(3), depth);
  },
  DICTIONARY: (making, depth) => {
    making.objects++;
    making.out.byte(tags.DICTIONARY);
    properties(making, depth);
  },
  REFERENCE: ({ out, dice, objects }) => {
    out.byte(tags.REFERENCE);
    out.uint(dice.below(objects + 2));
  },
  EXTENSION: (making, depth) => {
    const { extension, forms } = making.dice.pick(registeredExtensions());
    writeForm(making, extension.id, making.dice.below(forms.length), depth);
  },
  MAP: container(tags.MAP, 2, true),
  SET: container(tags.SET, 1, true),
  ARRAY_BUFFER: (making) => {
    making.objects++;
    making.out.byte(tags.ARRAY_BUFFER);
    making.out.uint(making.dice.chance(0.9) ? making.buffers++ : making.dice.below(9));
  },
  VIEW: (making) => {
    const { out, dice } = making;
    making.objects++;
    out.byte(tags.VIEW);
    out.byte(dice.below(16));
    out.uint(dice.chance(0.9) ? making.buffers++ : dice.below(9));
    out.uint(dice.pick([0, 0, 0, 1, 8, 2 ** 40]));
    count(making);
  },
  DATE: (making, depth) => {
    making.objects++;
    making.out.byte(tags.DATE);
    writeAny(making, depth - 1);
  },
  REGEXP: texts(tags.REGEXP, 2),
  BOXED: (making, depth) => {
    making.objects++;
    making.out.byte(tags.BOXED);
    writeAny(making, depth - 1);
  },
  ERROR: (making, depth) => {
    making.objects++;
    texts(tags.ERROR, 2)(making, depth);
    for (let n = making.dice.below(3); n > 0; n--) {
      making.out.uint(making.dice.below(4));
      text(making);
      writeAny(making, depth - 1);
    }
    making.out.uint(0);
  },
  URL_OBJECT: texts(tags.URL_OBJECT, 1),
  URL_QUERY: texts(tags.URL_QUERY, 1),
  INT_ARRAY: (making) => {
    making.objects++;
    making.out.byte(tags.INT_ARRAY);
    making.out.raw(making.dice.bytes(4 * count(making)));
  },
  DOUBLE_ARRAY: (making) => {
    making.objects++;
    making.out.byte(tags.DOUBLE_ARRAY);
    making.out.raw(making.dice.bytes(8 * count(making)));
  },
  SMALL_INT: ({ out, dice }) => out.byte(tags.SMALL_INT + dice.below(128)),
};
const writers = Object.values(tagWriters);

/** Writes any value: of any kind, or something that a canary is waiting for. */
export function writeAny(making: Making, depth: number): void {
  const { dice, out, lures } = making;
  const luck = dice.next();
  if (depth <= 0 || luck < 0.2) out.byte(dice.pick([tags.UNDEFINED, tags.NULL, tags.SMALL_INT + 1]));
  else if (luck < 0.45) out.raw(dice.pick(lures.values));
  else if (luck < 0.6) text(making);
  else dice.pick(writers)(making, depth);
}

/** Writes a form of an extension as it says that it is written. */
export function writeForm(making: Making, id: number, number: number, depth: number): void {
  const { forms } = registeredExtensions().find(({ extension }) => extension.id === id)!;
  making.objects++;
  writeFormHead(id, number, making.out);
  for (const field of forms[number]!.fields) writeField(making, field, depth);
}

/** Writes what may well be expected there: often nothing, else a name, a number, or something that a canary is waiting for. */
function writeLikely(making: Making, depth: number): void {
  const luck = making.dice.next();
  if (luck < 0.4) making.out.byte(tags.UNDEFINED);
  else if (luck < 0.55) text(making);
  else if (luck < 0.65) making.out.byte(tags.SMALL_INT + making.dice.below(4));
  else if (luck < 0.85) making.out.raw(making.dice.pick(making.lures.places));
  else writeAny(making, depth - 1);
}

function writeField(making: Making, field: Field, depth: number): void {
  switch (field) {
    case 'uint32':
      count(making);
      break;
    case 'string':
      text(making);
      break;
    case 'value':
      writeLikely(making, depth);
      break;
    case 'handle':
      making.out.uint(making.dice.below(2));
      break;
    case 'section':
      writeSection(making.out, (out) => writeAny({ ...making, out, objects: 0, shapes: 0 }, depth - 1));
      break;
    case 'rest':
      for (let n = making.dice.below(6); n > 0; n--)
        writeField(making, making.dice.pick(['uint32', 'string', 'value', 'value']), depth);
  }
}
