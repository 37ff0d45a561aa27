/**
 * The bytes of a ShareableList: those of CPython's class of the same name (Lib/multiprocessing/shared_memory.py), so that Python can read
 * and write the list, and behind them a table of this library, which Python ignores.
 *
 *   8 bytes: N, the number of items
 *   (N + 1) * 8 bytes: where the slot of each item begins in the data, and where the last one ends
 *   the data: 8 bytes for a number, boolean or None; for text and bytes as many as were there at first and at least one more, in eights
 *   N * 8 bytes: the format of each item in the terms of Python's `struct`, such as `q`, `d` or `16s`
 *   N bytes: how each is turned back: 0 as it is, 1 text, 2 bytes, 3 None
 *   up to 7 bytes, then 8 bytes: MAGIC, and N * 8 bytes: the notes
 *
 * A note records what CPython's format cannot: how long a text or bytes are that end with NULs, which Python strips, or that an integer
 * was a bigint. The note includes a hash of the slot, because Python may have assigned another value since.
 */

/** The items of a list: Python's int, float, bool, str, bytes and None. */
export type ShareableItem = number | bigint | boolean | string | Uint8Array | null;

const MAGIC = 0x3173_6574_6f6e_706dn; // "mpnotes1"
const FORMAT_BYTES = 8;
/** The largest slot whose size fits into its format. */
const MAX_SLOT = 9_999_992;

const code = { PLAIN: 0, TEXT: 1, BYTES: 2, NONE: 3 } as const;

/** An item as it is stored in its slot. */
interface Packed {
  readonly code: number;
  /** `undefined` for text and bytes, whose format is the slot's size. */
  readonly format: string | undefined;
  readonly bytes: Uint8Array;
  /** 0 if nothing is noted. */
  readonly note: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The items as they are stored in a segment; the list knows whether the segment is open. */
export class ShareableLayout {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #data: number;
  readonly #formats: number;
  readonly #codes: number;
  /** Where the notes begin; `undefined` in a list that CPython has made. */
  readonly #notes: number | undefined;

  /** An existing list. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = this.#offset(0);
    this.length = length;
    this.#data = (length + 2) * 8;
    if (this.#data > bytes.length) throw notAList();
    this.#formats = this.#data + this.#offset(8 * (length + 1));
    this.#codes = this.#formats + length * FORMAT_BYTES;
    if (this.#codes + length > bytes.length) throw notAList();
    const trailer = align(this.#codes + length);
    const isOurs = trailer + 8 * (length + 1) <= bytes.length && this.#view.getBigUint64(trailer, true) === MAGIC;
    this.#notes = isOurs ? trailer + 8 : undefined;
  }

  /** Returns the number of bytes for a list of these items. Throws if the list cannot hold an item. */
  static sizeOf(items: readonly ShareableItem[]): number {
    let data = 0;
    for (const item of items) data += slotSize(pack(item));
    return align((items.length + 2) * 8 + data + items.length * (FORMAT_BYTES + 1)) + 8 * (items.length + 1);
  }

  /** Writes a new list into a segment of that size. */
  static create(bytes: Uint8Array, items: readonly ShareableItem[]): ShareableLayout {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    view.setBigInt64(0, BigInt(items.length), true);
    let end = 0;
    for (const [i, item] of items.entries()) {
      end += slotSize(pack(item));
      view.setBigInt64(8 * (i + 2), BigInt(end), true);
    }
    const codes = (items.length + 2) * 8 + end + items.length * FORMAT_BYTES;
    view.setBigUint64(align(codes + items.length), MAGIC, true);
    const layout = new ShareableLayout(bytes);
    for (const [i, item] of items.entries()) layout.set(i, item);
    return layout;
  }

  get(index: number): ShareableItem {
    const slot = this.#slot(index);
    const format = this.format(index);
    if (format.endsWith('s')) return this.#text(index, slot.subarray(0, Number(format.slice(0, -1))));
    switch (format) {
      case 'q': {
        const n = this.#slotView(slot).getBigInt64(0, true);
        return this.#noted(index, slot) === 0 && isSafe(n) ? Number(n) : n;
      }
      case 'd':
        return this.#slotView(slot).getFloat64(0, true);
      case 'xxxxxxx?':
        return slot[7] !== 0;
      case 'xxxxxx?x':
        return null;
      default:
        throw notAList();
    }
  }

  /** Replaces an item. Throws and changes nothing if the item does not fit into the slot. */
  set(index: number, item: ShareableItem): void {
    const packed = pack(item);
    const slot = this.#slot(index);
    if (packed.bytes.length > slot.length) {
      throw new RangeError(
        `item ${index} has room for ${slot.length} bytes, as it was made, and this ${typeof item} takes ${packed.bytes.length}`,
      );
    }
    if (packed.note !== 0 && this.#notes === undefined && typeof item !== 'bigint') {
      throw new RangeError(`item ${index} ends with NUL, which a list that was made by Python cannot keep`);
    }
    slot.fill(0);
    slot.set(packed.bytes);
    const at = this.#formats + index * FORMAT_BYTES;
    this.#bytes.fill(0, at, at + FORMAT_BYTES);
    this.#bytes.set(Buffer.from(packed.format ?? `${slot.length}s`, 'latin1'), at);
    this.#bytes[this.#codes + index] = packed.code;
    if (this.#notes === undefined) return;
    const note = this.#notes + index * 8;
    this.#view.setUint32(note, packed.note, true);
    this.#view.setUint32(note + 4, packed.note === 0 ? 0 : hash(slot), true);
  }

  /** Returns the item's format in the terms of Python's `struct`. */
  format(index: number): string {
    const at = this.#formats + index * FORMAT_BYTES;
    return Buffer.from(this.#bytes.subarray(at, at + FORMAT_BYTES))
      .toString('latin1')
      .replace(/\0+$/, '');
  }

  #text(index: number, slot: Uint8Array): string | Uint8Array {
    let end = slot.length;
    while (end > 0 && slot[end - 1] === 0) end--;
    // A length is noted only for a text or bytes that end with NULs.
    const bytes = slot.subarray(0, this.#noted(index, this.#slot(index)) || end);
    return this.#bytes[this.#codes + index] === code.TEXT ? decoder.decode(bytes) : new Uint8Array(bytes);
  }

  /** Returns the note of the item, 0 if the item has changed since it was noted. */
  #noted(index: number, slot: Uint8Array): number {
    if (this.#notes === undefined) return 0;
    const at = this.#notes + index * 8;
    const note = this.#view.getUint32(at, true);
    return note !== 0 && this.#view.getUint32(at + 4, true) === hash(slot) ? note : 0;
  }

  #slot(index: number): Uint8Array {
    return this.#bytes.subarray(this.#data + this.#offset(8 * (index + 1)), this.#data + this.#offset(8 * (index + 2)));
  }

  #slotView(slot: Uint8Array): DataView {
    if (slot.length < 8) throw notAList();
    return new DataView(slot.buffer, slot.byteOffset, slot.length);
  }

  #offset(at: number): number {
    if (at + 8 > this.#bytes.length) throw notAList();
    const offset = Number(this.#view.getBigInt64(at, true));
    if (offset < 0 || offset > this.#bytes.length) throw notAList();
    return offset;
  }
}

function pack(item: unknown): Packed {
  switch (typeof item) {
    case 'number':
      if (Number.isSafeInteger(item) && !Object.is(item, -0)) return whole(BigInt(item), 0);
      return { code: code.PLAIN, format: 'd', bytes: bytesOf(new Float64Array([item])), note: 0 };
    case 'bigint':
      if (BigInt.asIntN(64, item) !== item)
        throw new RangeError(`an integer of a list has 64 bits, and ${item} has more`);
      return whole(item, isSafe(item) ? 1 : 0);
    case 'boolean':
      return { code: code.PLAIN, format: 'xxxxxxx?', bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, Number(item)), note: 0 };
    case 'string':
      if (/\p{Surrogate}/u.test(item))
        throw new RangeError('a text of a list must be well-formed: it has half of a surrogate pair');
      return text(code.TEXT, Buffer.from(item));
    default:
      if (item === null) return { code: code.NONE, format: 'xxxxxx?x', bytes: new Uint8Array(8), note: 0 };
      if (item instanceof Uint8Array) return text(code.BYTES, item);
      throw new TypeError(
        `a list holds numbers, bigints, booleans, strings, Uint8Arrays and null, not ${typeof item === 'object' ? 'other objects' : typeof item}`,
      );
  }
}

function whole(n: bigint, note: number): Packed {
  return { code: code.PLAIN, format: 'q', bytes: bytesOf(new BigInt64Array([n])), note };
}

function text(kind: number, bytes: Uint8Array): Packed {
  if (bytes.length >= MAX_SLOT)
    throw new RangeError(`an item of a list takes less than ${MAX_SLOT} bytes, not ${bytes.length}`);
  return { code: kind, format: undefined, bytes, note: bytes.at(-1) === 0 ? bytes.length : 0 };
}

function slotSize({ format, bytes }: Packed): number {
  return format === undefined ? 8 * (Math.floor(bytes.length / 8) + 1) : 8;
}

function bytesOf(array: Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer);
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;

function isSafe(n: bigint): boolean {
  return n >= Number.MIN_SAFE_INTEGER && n <= Number.MAX_SAFE_INTEGER;
}

/** FNV-1a. */
function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

function notAList(): TypeError {
  return new TypeError('This shared memory holds no ShareableList.');
}
