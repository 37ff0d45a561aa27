// BullMQ alone: a worker that does nothing with its jobs.
import { Worker } from 'bullmq';

const [path = '', concurrency = '1'] = process.argv.slice(2);
const worker = new Worker('bench', async (job) => job.data.x, {
  connection: { path },
  concurrency: Number(concurrency),
  // What is removed at once cannot be waited for.
  removeOnComplete: { count: 10_000 },
});
await worker.waitUntilReady();
console.log('ready');
