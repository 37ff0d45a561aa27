import { ByteWriter } from '#dist/codec/byte-writer.js';
import { registeredExtensions } from '#dist/codec/extension.js';
import { HAS_BUFFERS, HAS_REFERENCES, HEADER } from '#dist/codec/tags.js';
import { Dice } from './dice.ts';
import type { Lures } from './lures.ts';
import { type Making, tagWriters, writeAny, writeForm } from './tag-writers.ts';

/** The body of a message, and what travels beside it. */
export interface RandomLetter {
  readonly body: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

type Recipe = (making: Making) => void;

const DEPTH = 4;
/** Buffers in a table that is there for its number: a mapping each, they would be more than a process may have. */
const MANY = 70_000;

/** One for each tag and each form of each extension, and some for what is made of many parts. */
function recipes(): Recipe[] {
  const forms = registeredExtensions().flatMap(({ extension, forms }) =>
    forms.map((_, number) => (making: Making) => writeForm(making, extension.id, number, DEPTH)),
  );
  const byTag = Object.values(tagWriters).map((write) => (making: Making) => write(making, DEPTH));
  return [...forms, ...byTag, manyBuffers, deep, (making) => writeAny(making, DEPTH)];
}

function manyBuffers(making: Making): void {
  making.out.raw(Uint8Array.of(22, 0));
  making.buffers = making.dice.chance(0.2) ? MANY : 1 + making.dice.below(300);
}

function deep(making: Making): void {
  for (let n = making.dice.pick([1000, 2500, 100_000]); n > 0; n--) making.out.raw(Uint8Array.of(13, 1));
  writeAny(making, 1);
}

/** The message with that number: recipes take turns, the rest is chance. */
export function randomLetter(seed: number, input: number, lures: Lures): RandomLetter {
  const dice = new Dice(seed, input);
  const all = recipes();
  const out = new ByteWriter();
  const making: Making = { out, dice, lures, objects: 0, shapes: 0, buffers: 0 };
  out.byte(HEADER);
  if (dice.chance(0.03)) return { body: damage(Uint8Array.from(dice.pick(lures.messages)), dice), blobs: [] };
  all[input % all.length]!(making);
  const blobs: Uint8Array[] = [];
  let header = HEADER | (dice.chance(0.6) ? HAS_REFERENCES : 0);
  if (making.buffers > 0 && dice.chance(0.95)) {
    header |= HAS_BUFFERS;
    writeTable(making, blobs);
  }
  out.bytes[0] = dice.chance(0.98) ? header : dice.below(256);
  return { body: damage(Uint8Array.from(out.bytes.subarray(0, out.position)), dice), blobs };
}

/** Buffers of all kinds: small and large, that may grow, that are shared. */
function writeTable({ out, dice, buffers }: Making, blobs: Uint8Array[]): void {
  const table = out.position;
  const max = dice.pick([1, 2 ** 20, 2 ** 32, 2 ** 53 - 1]);
  // Many of the same kind, or a few of any.
  const flags = buffers > 10 ? 2 : undefined;
  out.uint(buffers);
  for (let i = 0; i < buffers; i++) {
    const kind = flags ?? dice.pick([0, 0, 1, 2, 3, 4, 7]);
    out.byte(kind);
    out.uint(dice.chance(0.9) ? 0 : 8);
    const bytes = dice.chance(0.5) ? 1 : dice.below(40);
    out.uint(bytes);
    if (kind & 2) out.uint(max);
    if (kind & 1) {
      out.uint(dice.chance(0.8) ? blobs.length : 0);
      blobs.push(new Uint8Array(dice.chance(0.9) ? bytes : 5));
    } else if (kind < 4) out.raw(new Uint8Array(bytes));
  }
  out.word(dice.chance(0.95) ? table : dice.below(1000));
}

/** Two of three arrive as they were written. */
function damage(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (dice.chance(0.66)) return bytes;
  if (dice.chance(0.3)) return bytes.slice(0, dice.below(bytes.length));
  for (let n = 1 + dice.below(3); n > 0; n--) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}
