import { isMainThread } from '../engine/main-thread.ts';

/** Returns the bytes in use: for a thread, those of its own heap, because the process's would not be its measure. */
export function memoryInUse(): number {
  if (isMainThread) return process.memoryUsage.rss();
  const { total_heap_size, external_memory } = process.getBuiltinModule('node:v8').getHeapStatistics();
  return total_heap_size + external_memory;
}
