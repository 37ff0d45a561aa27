/** The door `multiproc/queue`: Python's `queue` module, queues between the async functions of one process. */
export { Empty, Full, ShutDown } from '../contracts/errors.ts';
export { LifoQueue } from '../queue/lifo-queue.ts';
export { PriorityQueue } from '../queue/priority-queue.ts';
export { Queue } from '../queue/queue.ts';
export { SimpleQueue } from '../queue/simple-queue.ts';
