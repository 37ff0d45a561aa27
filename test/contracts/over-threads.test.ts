import { setStartMethod } from 'multiproc';

// The process of the cases is a thread then.
setStartMethod('thread');
await import(new URL('./queues.test.js', import.meta.url).href);
