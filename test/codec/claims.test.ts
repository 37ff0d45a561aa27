import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ByteWriter } from '#dist/codec/byte-writer.js';
import { registerClass } from '#dist/codec/class-registry.js';
import { type Reach, reach, registerExtension } from '#dist/codec/extension.js';
import { decoders, encoders } from '#dist/codec/spares.js';
import * as tag from '#dist/codec/tags.js';
import { SerializationError } from '#dist/contracts/errors.js';
import { functionExtension } from '#dist/functions/function-extension.js';
import { opaqueExtension } from '#dist/managers/opaque.js';
import { letter, writeFormHead, writeSection, writeValue } from '../strangers/letter.ts';

registerExtension(functionExtension);
registerExtension(opaqueExtension);
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
/** The flag of expressions with operations on sets, which the compiler does not know. */
const SETS = 'v';
const EMOJI = String.raw`\p{RGI_Emoji}`;
const sockets = [reach.TRUSTED, reach.ANYBODY];

function decode(bytes: Uint8Array, far: Reach, blobs: ArrayBuffer[] = []): unknown {
  return decoders.with((decoder) => decoder.decode(bytes, 0, bytes.length, (i) => blobs[i]!, [64], far));
}

/** What arrives of a value at the other end. */
function through<T>(value: T, far: Reach): T {
  return encoders.with((encoder) => {
    const { bytes, length, blobs } = encoder.encode(value, 'value', far);
    return decode(
      Uint8Array.from(bytes.subarray(0, length)),
      far,
      blobs.map((blob) => Uint8Array.from(blob).buffer),
    ) as T;
  });
}

/** A message whose value is an array of all the buffers of a table that `write` writes. */
function withTable(count: number, write: (out: ByteWriter) => void): Uint8Array {
  return letter((out) => {
    out.byte(tag.ARRAY);
    out.uint(count);
    for (let i = 0; i < count; i++) {
      out.byte(tag.ARRAY_BUFFER);
      out.uint(i);
    }
    const table = out.position;
    out.uint(count);
    for (let i = 0; i < count; i++) write(out);
    out.word(table);
  }, tag.HEADER | tag.HAS_BUFFERS);
}

const mappings = () => readFileSync('/proc/self/maps', 'latin1').split('\n').length;

type Resizable = ArrayBuffer & { resizable: boolean; maxByteLength: number };

function resizable(length: number, maxByteLength: number): Resizable {
  return new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(length, { maxByteLength });
}

describe('resizable buffers', () => {
  const tiny = (max: number) => (out: ByteWriter) => {
    for (const n of [2, 0, 1]) out.uint(n);
    out.uint(max);
    out.byte(7);
  };

  test('resizable buffers of a stranger arrive with a fixed length, however many they are', () => {
    const message = withTable(60_000, tiny(2 ** 20));
    for (const far of sockets) {
      const before = mappings();
      const buffers = decode(message, far) as Resizable[];
      assert.ok(mappings() < before + 1000, `${mappings() - before} mappings more`);
      assert.equal(buffers.length, 60_000);
      assert.deepEqual([...new Uint8Array(buffers[59_999]!)], [7]);
      assert.equal(buffers[0]!.resizable, false);
    }
  });

  test('resizable buffers are sent through a socket with the length that they have', () => {
    const buffer = resizable(8, 2 ** 32);
    const view = new Uint8Array(buffer, 4);
    view[0] = 9;
    const [arrived, shown] = through([buffer, view] as const, reach.ANYBODY);
    assert.deepEqual([arrived.resizable, arrived.byteLength, shown[0]], [false, 8, 9]);
    assert.equal(shown.buffer, arrived);
  });

  test('resizable buffers within the family stay resizable as far as the message pays for them', () => {
    const few = Array.from({ length: 64 }, () => resizable(1, 2 ** 20));
    assert.deepEqual(
      through(few, reach.FAMILY).map((buffer) => [buffer.resizable, buffer.byteLength, buffer.maxByteLength]),
      few.map(() => [true, 1, 2 ** 20]),
    );
    const paid = [...few, ...few.map(() => resizable(2 ** 13, 2 ** 20))];
    assert.equal(through(paid, reach.FAMILY).length, 128);
    assert.equal((through([resizable(1, 2 ** 31)], reach.FAMILY)[0] as Resizable).maxByteLength, 2 ** 31);
  });

  test('resizable buffers that reserve too much are refused, where they are sent and where they arrive', () => {
    const many = Array.from({ length: 70 }, () => resizable(1, 2));
    assert.throws(() => through(many, reach.FAMILY), { name: 'SerializationError', message: /reserve too much/ });
    const large = [resizable(1, 2 ** 32), resizable(1, 2 ** 32)];
    assert.throws(() => through(large, reach.FAMILY), { name: 'SerializationError', message: /reserve too much/ });
    for (const message of [withTable(40_000, tiny(2 ** 20)), withTable(2, tiny(2 ** 32)), withTable(1, tiny(2 ** 50))])
      assert.throws(() => decode(message, reach.FAMILY), SerializationError);
  });
});

describe('other buffers', () => {
  test('a binary is used once, and in its turn', () => {
    const blob = (index: number) => (out: ByteWriter) => {
      for (const n of [1, 0, 9, index]) out.uint(n);
    };
    const blobs = [new ArrayBuffer(9), new ArrayBuffer(9)];
    assert.deepEqual(decode(withTable(1, blob(0)), reach.ANYBODY, blobs), [blobs[0]]);
    for (const message of [withTable(2, blob(0)), withTable(1, blob(1))])
      assert.throws(() => decode(message, reach.ANYBODY, blobs), /out of its turn/);
  });

  test('shared memory is named by the family only, and there is no other kind', () => {
    const message = (flags: number) =>
      withTable(1, (out) => {
        for (const n of [flags, 0, 0, 0]) out.uint(n);
      });
    for (const far of sockets) assert.throws(() => decode(message(4), far), /from outside of the family/);
    for (const flags of [5, 6, 8, 255]) assert.throws(() => decode(message(flags), reach.FAMILY), SerializationError);
  });
});

describe('what is not there', () => {
  class List extends Array {}
  registerClass(List, { name: 'List' });

  test('missing elements go through a socket up to a number', () => {
    const sparse = Object.assign([1], { 60000: 2 });
    for (const far of [reach.FAMILY, ...sockets]) assert.deepEqual(through(sparse, far), sparse);
    const twice = [sparse, [...new Array(10)], Object.assign([], { 60000: 2 })];
    assert.deepEqual(through(twice, reach.FAMILY), twice);
    const refused = { name: 'SerializationError', message: /that many missing elements/ };
    for (const far of sockets) {
      assert.throws(() => through(twice, far), refused);
      assert.throws(() => through(new Array(2 ** 32 - 1), far), refused);
      assert.doesNotThrow(() => through(sparse, far));
    }
    assert.deepEqual(through(List.from([1, 2]), reach.TRUSTED), List.from([1, 2]));
    assert.throws(() => through(Object.assign(new List(), { length: 1e6 }), reach.TRUSTED), refused);
    assert.equal((through(Object.assign(new List(), { length: 1e6 }), reach.FAMILY) as List).length, 1e6);
  });

  test('ten bytes make no array that is endless', () => {
    const endless = letter((out) => {
      out.byte(tag.ARRAY);
      out.uint(2 ** 32 - 1);
      out.byte(tag.HOLES);
      out.uint(2 ** 32 - 1);
    });
    for (const far of sockets) assert.throws(() => decode(endless, far), /too many holes/);
    for (const key of ['4294967294', '7', 'length']) {
      const named = letter((out) => {
        out.byte(tag.ARRAY_WITH_PROPERTIES);
        for (const n of [0, 1]) out.uint(n);
        out.string(key);
        out.byte(tag.NULL);
      });
      for (const far of [reach.FAMILY, ...sockets]) assert.throws(() => decode(named, far), SerializationError);
    }
  });

  test('keys that are far indices arrive as they are', () => {
    const far = { 1: 'a', 5000: 'b', 4294967294: 'c', 4294967295: 'd', '07': 'e', '1e3': 'f', x: 'g' };
    const many = Object.fromEntries([...Array.from({ length: 70 }, (_, i) => [`k${i}`, i]), [90000, 1]]);
    for (const value of [far, many, Object.assign(new Error('m'), { 5000: 1 })]) {
      const arrived = through(value, reach.ANYBODY);
      assert.deepEqual(Object.entries(arrived), Object.entries(value));
    }
  });
});

describe('what takes long to make', () => {
  test('a date is made of a number, and a box has no object in it', () => {
    // An array of the same array twice, of the same array twice …: its text has 2 ** 24 commas.
    const laughter = (kind: number) =>
      letter((out) => {
        out.byte(kind);
        for (let i = 0; i < 24; i++) {
          out.byte(tag.ARRAY);
          out.uint(2);
        }
        out.byte(tag.NULL);
        out.byte(tag.NULL);
        for (let i = 24; i > 1; i--) {
          out.byte(tag.REFERENCE);
          out.uint(i);
        }
      }, tag.HEADER | tag.HAS_REFERENCES);
    for (const far of [reach.FAMILY, ...sockets]) {
      assert.throws(() => decode(laughter(tag.DATE), far), /a date that is none/);
      assert.throws(() => decode(laughter(tag.BOXED), far), /an object in a box/);
    }
  });

  test('strings and integers beyond what the engine has are damaged messages', () => {
    const long = 2 ** 29;
    const message = new Uint8Array(long + 20);
    for (const kind of [tag.LATIN1, tag.BIGINT]) {
      const head = letter((out) => {
        out.byte(kind);
        if (kind === tag.BIGINT) out.byte(0);
        out.uint(long);
      });
      message.set(head);
      assert.throws(() => decode(message.subarray(0, head.length + long), reach.ANYBODY), SerializationError);
    }
  });

  test('expressions with properties of characters, or very long ones, are for those who have the key', () => {
    const ordinary = [/a\\p{2}/u, /p{2}/, new RegExp('x'.repeat(60_000)), new RegExp('[a--b]', SETS)];
    for (const far of [reach.FAMILY, ...sockets]) assert.deepEqual(through(ordinary, far), ordinary);
    for (const slow of [
      new RegExp(EMOJI, SETS),
      /[^\P{Lu}]/u,
      /\\\p{L}/u,
      [new RegExp('x'.repeat(40_000)), new RegExp('y'.repeat(40_000))],
    ]) {
      assert.deepEqual(through(slow, reach.TRUSTED), slow);
      assert.throws(() => through(slow, reach.ANYBODY), { name: 'SerializationError', message: /takes long to make/ });
      const message = letter((out) => writeValue(slow, out));
      assert.throws(() => decode(message, reach.ANYBODY), /takes long to make/);
    }
  });
});

describe('what arrives is paid for by its bytes', () => {
  const COUNT = 20_000;
  const shaped = (keys: string[]) => (out: ByteWriter, i: number) => {
    if (i === 0) {
      out.byte(tag.SHAPE);
      const spelled = letter((names) => {
        for (const key of keys) names.string(key);
      }).subarray(1);
      out.word(0);
      out.uint(keys.length);
      out.uint(spelled.length);
      out.raw(spelled);
    } else {
      out.byte(tag.SHAPE_AGAIN);
      out.uint(0);
    }
    for (const _ of keys) out.byte(tag.NULL);
  };
  const dictionary = (key: string) => (out: ByteWriter) => {
    out.byte(tag.DICTIONARY);
    out.uint(1);
    out.string(key);
    out.byte(tag.NULL);
  };
  const bytes =
    (...all: number[]) =>
    (out: ByteWriter) => {
      for (const byte of all) out.byte(byte);
    };
  const text =
    (kind: number, ...strings: string[]) =>
    (out: ByteWriter) => {
      out.byte(kind);
      for (const string of strings) out.string(string);
    };
  const cheapest: Record<string, (out: ByteWriter, i: number) => void> = {
    'empty objects': bytes(tag.DICTIONARY, 0),
    'empty arrays': bytes(tag.ARRAY, 0),
    'empty maps': bytes(tag.MAP, 0, 0, 0, 0),
    'empty sets': bytes(tag.SET, 0, 0, 0, 0),
    dates: bytes(tag.DATE, tag.SMALL_INT),
    boxes: bytes(tag.BOXED, tag.SMALL_INT),
    integers: bytes(tag.BIGINT, 0, 0),
    URLs: text(tag.URL_OBJECT, 'a:'),
    queries: text(tag.URL_QUERY, ''),
    expressions: (out, i) => text(tag.REGEXP, i.toString(36), '')(out),
    errors: (out) => {
      text(tag.ERROR, '', '')(out);
      out.uint(0);
    },
    DOMExceptions: (out) => {
      text(tag.ERROR, 'DOMException', '', '', '')(out);
      out.uint(0);
    },
    'errors with a far index': (out) => {
      text(tag.ERROR, '', '')(out);
      out.uint(1);
      out.string('1000');
      out.byte(tag.NULL);
      out.uint(0);
    },
    'objects of a shape': shaped(['a']),
    'objects of a shape with a far index': shaped(['1000']),
    'objects of a shape with a near index': shaped(['10']),
    'objects with a far index': dictionary('1000'),
    'objects with a near index': dictionary('10'),
    'opaque values that cannot be opened': (out) => {
      writeFormHead(60, 0, out);
      writeSection(out, () => {});
    },
  };

  for (const [name, write] of Object.entries(cheapest)) {
    test(`what arrives is paid for by its bytes: ${name}`, () => {
      const message = letter((out) => {
        out.byte(tag.ARRAY);
        out.uint(COUNT);
        for (let i = 0; i < COUNT; i++) write(out, i);
      });
      const used = () => {
        gc();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      decode(message, reach.ANYBODY);
      const before = used();
      const value = decode(message, reach.ANYBODY) as unknown[];
      const factor = (used() - before) / message.length;
      assert.equal(value.length, COUNT);
      assert.ok(factor < 200, `${factor} times its bytes`);
    });
  }

  test('many short arrays of holes in one message are refused', () => {
    const message = letter((out) => {
      out.byte(tag.ARRAY);
      out.uint(COUNT);
      for (let i = 0; i < COUNT; i++) {
        out.byte(tag.ARRAY);
        out.uint(1000);
        out.byte(tag.HOLES);
        out.uint(1000);
      }
    });
    for (const far of sockets) assert.throws(() => decode(message, far), /too many holes/);
  });
});
