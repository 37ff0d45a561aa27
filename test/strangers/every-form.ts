import type { ByteWriter } from '#dist/codec/byte-writer.js';
import { type Field, registeredExtensions } from '#dist/codec/extension.js';
import { SMALL_INT, UNDEFINED } from '#dist/codec/tags.js';
import { letter, writeFormHead, writeSection } from './letter.ts';
import type { Lures } from './lures.ts';

type Write = (out: ByteWriter) => void;

/** What may stand in a field: a few things that are as different as can be. */
function choices(field: Field, { places, texts }: Lures): readonly Write[] {
  const nothing: Write = (out) => out.byte(UNDEFINED);
  const name: Write = (out) => out.string(texts[0]!);
  const place: Write = (out) => out.raw(places[0]!);
  switch (field) {
    case 'value':
      return [nothing, name, place];
    case 'string':
      return [name, (out) => out.string(texts.at(-1)!)];
    case 'uint32':
      return [0, 1, 5].map((n) => (out) => out.uint(n));
    case 'handle':
      return [(out) => out.uint(0)];
    case 'section':
      return [nothing, place].map((write) => (out) => writeSection(out, write));
    case 'rest':
      return [() => {}, (out) => [name, name, (o: ByteWriter) => o.byte(SMALL_INT), place].map((write) => write(out))];
  }
}

/** Each form of each extension that this process has, with every choice of what stands in its fields. */
export function* everyForm(lures: Lures): Generator<Uint8Array> {
  for (const { extension, forms } of registeredExtensions()) {
    for (const [number, { fields }] of forms.entries()) {
      const each = fields.map((field) => choices(field, lures));
      const all = each.reduce((product, { length }) => product * length, 1);
      for (let which = 0; which < all; which++) {
        yield letter((out) => {
          writeFormHead(extension.id, number, out);
          let rest = which;
          for (const writes of each) {
            writes[rest % writes.length]!(out);
            rest = Math.floor(rest / writes.length);
          }
        });
      }
    }
  }
}
