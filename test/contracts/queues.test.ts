import { after } from 'node:test';
import { JoinableQueue, Queue } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { LifoQueue, Queue as LocalQueue, PriorityQueue } from 'multiproc/queue';
import type { Exceptions } from './cases-of.ts';
import { queueSuite } from './queue-suite.ts';

const here: Exceptions = { 'another process gets what is put here': 'it lives in one process' };
const newestFirst = 'the newest item comes out first';
const lifo: Exceptions = {
  ...here,
  'items come out in the order in which they were put': newestFirst,
  'getMany takes a whole number of items, or all': newestFirst,
  'a putMany that fails says how many items are in': newestFirst,
  'a shutdown lets nothing in, and what is inside out': newestFirst,
  'a loop takes items until the queue is shut down and drained': newestFirst,
  'leaving a loop takes no item': newestFirst,
};

queueSuite('Queue', (maxsize) => new Queue(maxsize));
queueSuite('JoinableQueue', (maxsize) => new JoinableQueue(maxsize));
queueSuite('Queue of multiproc/queue', (maxsize) => new LocalQueue(maxsize), here);
queueSuite('PriorityQueue', (maxsize) => new PriorityQueue(maxsize), here);
queueSuite('LifoQueue', (maxsize) => new LifoQueue(maxsize), lifo);

const manager = new Manager();
after(() => manager.shutdown());
queueSuite('queue of a Manager', (maxsize) => manager.queue(maxsize));
queueSuite('joinableQueue of a Manager', (maxsize) => manager.joinableQueue(maxsize));
