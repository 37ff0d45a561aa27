/** What the door `multiproc/shared-memory` adds. */
import './multiproc.ts';
import { shareableListExtension, sharedMemoryExtension } from '../../shared/segment-extensions.ts';
import { ShareableList } from '../../shared/shareable-list.ts';
import { SharedMemory } from '../../shared/shared-memory.ts';
import { wire } from './wire.ts';

wire({
  extensions: [sharedMemoryExtension, shareableListExtension],
  exports: { 'multiproc/shared-memory': { ShareableList, SharedMemory } },
});
