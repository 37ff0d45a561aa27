import { type ArrivingContent, CONTENT_WORDS, type Content } from '../codec/captured-contents.ts';
import { reach } from '../codec/extension.ts';
import { decoders } from '../codec/spares.ts';
import { createObject, type HeldObject } from '../memory/create-object.ts';
import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind, kindOf, letGoOf } from '../memory/object-kinds.ts';
import { from, objectStruct, word, words } from '../memory/struct.ts';
import {
  commitEnvelope,
  discardEnvelope,
  type Envelope,
  envelopeWords,
  holdHandles,
  readAttachments,
  viewEnvelope,
  writeEnvelope,
} from '../ring/envelope.ts';
import { copyBlob, storeBlob } from './blobs.ts';

/** The words of a content, before its envelope. Its maker writes each once. */
const contentLayout = objectStruct({
  /** See `Content`. */
  sender: word,
  variable: word,
  version: word,
  /** 1 once the object owns what belongs to the envelope. */
  isFilled: word,
  envelope: from(CONTENT_WORDS, words(0)),
});
const field = contentLayout.at;

const NO_BYTES = new Uint8Array(0);
const NO_BLOBS: Uint8Array[] = [];

defineKind(kinds.CONTENT, {
  destroy: (family, offset) => {
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (words[at + field.isFilled] === 1) discardEnvelope(family, readAttachments(words, at + field.envelope));
  },
});

/** Puts a content into the heap, unless it stands there, and counts this member once more, for the message that it goes with. */
export function placeContent(family: Family, content: Content): HeldObject {
  if (content.offset === 0) {
    const made = store(family, content);
    if (content.handles.length > 0) return made;
    const { object, entry } = made;
    content.offset = object;
    content.bytes = NO_BYTES;
    content.blobs = NO_BLOBS;
    content.release = () => {
      content.offset = 0;
      letGoOf(family, object, entry);
    };
  }
  return { object: content.offset, entry: family.counts.hold(content.offset) };
}

function store(family: Family, { sender, variable, version, bytes, blobs, handles }: Content): HeldObject {
  const envelope: Envelope = { bytes, length: bytes.length, blobs: [], handles: [] };
  let hold: HeldObject | undefined;
  try {
    for (const bytes of blobs) envelope.blobs.push(storeBlob(family, bytes));
    holdHandles(family, envelope, handles);
    const needs = { words: field.envelope + envelopeWords(envelope), zeroed: field.envelope, isData: true };
    hold = createObject(family, kinds.CONTENT, needs);
    const { object } = hold;
    const words = family.heap.words(object);
    const at = wordIndex(object);
    words[at + field.sender] = sender;
    words[at + field.variable] = variable;
    words[at + field.version] = version;
    writeEnvelope(family, object, at + field.envelope, envelope);
    commitEnvelope(family, envelope, 0, object + field.isFilled * 4, 1);
    return hold;
  } catch (error) {
    discardEnvelope(family, envelope);
    if (hold !== undefined) letGoOf(family, hold.object, hold.entry);
    throw error;
  }
}

/** Returns the contents among the shared objects of a message. They may be read as long as the message refers to them. */
export function contentsAmong(family: Family, handles: readonly number[]): ArrivingContent[] {
  const contents: ArrivingContent[] = [];
  for (const offset of handles) {
    if (kindOf(family, offset) !== kinds.CONTENT) continue;
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    contents.push({
      sender: words[at + field.sender] as number,
      variable: words[at + field.variable] as number,
      version: words[at + field.version] as number,
      read: (began) => readContent(family, offset, began),
    });
  }
  return contents;
}

function readContent(family: Family, offset: number, began: (root: () => object | undefined) => void): unknown {
  const { envelope, start } = viewEnvelope(family, offset, field.envelope);
  const open = (index: number): ArrayBuffer => copyBlob(family, envelope.blobs[index]!);
  return decoders.with((decoder) =>
    decoder.decode(envelope.bytes, start, envelope.length, open, envelope.handles, reach.FAMILY, began),
  );
}
