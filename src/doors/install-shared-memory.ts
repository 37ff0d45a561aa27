/** Makes what the door `multiproc/shared-memory` adds able to travel. */
import './install.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { installSegmentExtensions } from '../shared/segment-extensions.ts';
import { ShareableList } from '../shared/shareable-list.ts';
import { SharedMemory } from '../shared/shared-memory.ts';

installSegmentExtensions();
registerOwnExports({ ShareableList, SharedMemory }, 'multiproc/shared-memory');
