/** The door `multiproc/shared-memory`: Python's `multiprocessing.shared_memory`, memory with a name that any program attaches to. */
import './wiring/shared-memory.ts';

export type { ShareableItem } from '../shared/shareable-layout.ts';
export { ShareableList } from '../shared/shareable-list.ts';
export { SharedMemory, type SharedMemoryOptions } from '../shared/shared-memory.ts';
