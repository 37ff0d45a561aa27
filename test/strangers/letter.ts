import { ByteWriter } from '#dist/codec/byte-writer.js';
import { type Form, registeredExtensions } from '#dist/codec/extension.js';
import { encoders } from '#dist/codec/spares.js';
import { EXTENSION, HEADER } from '#dist/codec/tags.js';

/** Messages made by hand, as one writes them who keeps to the wire format and to nothing else. */

/** A message whose value `write` writes. */
export function letter(write: (out: ByteWriter) => void, header: number = HEADER): Uint8Array {
  const out = new ByteWriter();
  out.byte(header);
  write(out);
  return Uint8Array.from(out.bytes.subarray(0, out.position));
}

/** Writes a value within a message: one that needs neither references nor buffers. */
export function writeValue(value: unknown, out: ByteWriter): void {
  encoders.with((encoder) => {
    const { bytes, length } = encoder.encode(value, '');
    out.raw(bytes.subarray(1, length));
  });
}

/** Writes what stands before the fields of a form. */
export function writeFormHead(id: number, form: number, out: ByteWriter): void {
  out.byte(EXTENSION);
  out.byte(id);
  if (formsOf(id).length > 1) out.uint(form);
}

/** The forms of an extension that this process has. */
export function formsOf(id: number): readonly Form[] {
  return registeredExtensions().find(({ extension }) => extension.id === id)!.forms;
}

/** Writes a section with what `write` writes. */
export function writeSection(out: ByteWriter, write: (out: ByteWriter) => void): void {
  const content = letter(write);
  out.word(content.length);
  out.raw(content);
}
