import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { Segment } from './segment.ts';
import { Attached, ShareableList } from './shareable-list.ts';
import { ofSegment, SharedMemory, segmentOf } from './shared-memory.ts';

/** Named shared memory is sent as its name; the receiver is attached to it, or fails if it was removed meanwhile. */
export const sharedMemoryExtension: Extension<SharedMemory> = {
  id: extensionIds.SHARED_MEMORY,
  name: 'SharedMemory',
  reach: reach.FAMILY,
  fields: ['string', 'value'],
  matches: (value): value is SharedMemory => value instanceof SharedMemory,
  write(memory, out) {
    const { name, inode } = segmentOf(memory);
    out.string(name);
    out.value(inode, '.inode');
  },
  read: (input) => ofSegment(Segment.receive(input.string(), input.value() as number)),
};

export const shareableListExtension: Extension<ShareableList> = {
  id: extensionIds.SHAREABLE_LIST,
  name: 'ShareableList',
  reach: reach.FAMILY,
  fields: ['value'],
  matches: (value): value is ShareableList => value instanceof ShareableList,
  write: (list, out) => out.value(list.shm, '.shm'),
  read: (input) => new ShareableList(new Attached(input.value() as SharedMemory)),
};
