import { threadId } from 'node:worker_threads';

/** In which process, and which thread of it, this is called: what tells workers of any kind apart. */
export function here(): string {
  return `${process.pid}.${threadId}`;
}
