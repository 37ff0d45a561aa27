import { type Extension, reach, registerExtension } from '../codec/extension.ts';
import { Segment } from './segment.ts';
import { Attached, ShareableList } from './shareable-list.ts';
import { ofSegment, SharedMemory, segmentOf } from './shared-memory.ts';

/** Named shared memory travels as its name; the receiver is attached to it, or fails if it was removed on the way. */
const sharedMemoryExtension: Extension<SharedMemory> = {
  id: 26,
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

const shareableListExtension: Extension<ShareableList> = {
  id: 27,
  name: 'ShareableList',
  reach: reach.FAMILY,
  fields: ['value'],
  matches: (value): value is ShareableList => value instanceof ShareableList,
  write: (list, out) => out.value(list.shm, '.shm'),
  read: (input) => new ShareableList(new Attached(input.value() as SharedMemory)),
};

/** Makes named shared memory able to travel within a family; called once by the library's door. */
export function installSegmentExtensions(): void {
  registerExtension(sharedMemoryExtension);
  registerExtension(shareableListExtension);
}
