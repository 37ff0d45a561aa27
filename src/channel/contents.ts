import { type ArrivingContent, CONTENT_WORDS, type Content } from '../codec/captured-contents.ts';
import { withDecoder } from '../codec/decoder.ts';
import { reach } from '../codec/extension.ts';
import { defineKind, type Family, objectField, releaseObject, retainObject } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import {
  claimParcel,
  discardParcel,
  type Parcel,
  parcelWords,
  readAttachments,
  surrenderParcel,
  viewParcel,
  writeParcel,
} from '../ring/parcel.ts';
import { copyBlob, storeBlob } from './blobs.ts';

/** Words, after those of every shared object and before the parcel: see `Content`; the maker writes them once. */
const field = { sender: 2, variable: 3, version: 4, words: CONTENT_WORDS } as const;

const NO_BYTES = new Uint8Array(0);
const NO_BLOBS: Uint8Array[] = [];

defineKind(kinds.CONTENT, {
  destroy: (family, offset) => {
    discardParcel(family, readAttachments(family.heap.words(offset), wordIndex(offset) + field.words));
  },
});

/** Puts a content into the heap, unless it is there, and counts one more holder: the message that it is sent with. */
export function placeContent(family: Family, content: Content): number {
  if (content.offset === 0) {
    const offset = store(family, content);
    if (content.handles.length > 0) return offset;
    const entry = family.holdings.add(offset);
    content.offset = offset;
    content.bytes = NO_BYTES;
    content.blobs = NO_BLOBS;
    content.release = () => {
      content.offset = 0;
      family.holdings.remove(entry);
      releaseObject(family, offset);
    };
  }
  retainObject(family, content.offset);
  return content.offset;
}

function store(family: Family, { sender, variable, version, bytes, blobs, handles }: Content): number {
  family.holdings.reserve(1);
  const parcel: Parcel = { bytes, length: bytes.length, blobs: [], handles: [] };
  let offset = 0;
  try {
    for (const bytes of blobs) parcel.blobs.push(storeBlob(family, bytes));
    for (const handle of handles) {
      retainObject(family, handle);
      parcel.handles.push(handle);
    }
    claimParcel(family, parcel);
    offset = family.allocator.allocate((field.words + parcelWords(parcel)) * 4, 0, true);
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    words[at + objectField.kind] = kinds.CONTENT;
    words[at + objectField.holders] = 1;
    words[at + field.sender] = sender;
    words[at + field.variable] = variable;
    words[at + field.version] = version;
    writeParcel(family, offset, at + field.words, parcel);
    surrenderParcel(family, parcel);
    return offset;
  } catch (error) {
    discardParcel(family, parcel);
    if (offset !== 0) family.allocator.free(offset);
    throw error;
  }
}

/** Returns the contents among the shared objects of a message. They may be read as long as the message refers to them. */
export function contentsAmong(family: Family, handles: readonly number[]): ArrivingContent[] {
  const contents: ArrivingContent[] = [];
  for (const offset of handles) {
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (words[at + objectField.kind] !== kinds.CONTENT) continue;
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
  const { parcel, start } = viewParcel(family, offset, field.words);
  const open = (index: number): ArrayBuffer => copyBlob(family, parcel.blobs[index]!);
  return withDecoder((decoder) =>
    decoder.decode(parcel.bytes, start, parcel.length, open, parcel.handles, reach.FAMILY, began),
  );
}
