/** The parts of a `Pool`, loaded with the first pool. */
export { Batch } from './batch.ts';
export { Dispatcher } from './dispatcher.ts';
export { ResultIterator } from './result-iterator.ts';
export { poolDepth } from './worker.ts';
