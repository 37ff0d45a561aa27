/** What a `Pool` is made of, loaded with the first one. */
export { Batch } from './batch.ts';
export { Dispatcher } from './dispatcher.ts';
export { ResultIterator } from './result-iterator.ts';
export { poolDepth } from './worker.ts';
