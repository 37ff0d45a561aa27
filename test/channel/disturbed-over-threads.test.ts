import { overThreads } from '../cases.ts';

await overThreads(import.meta.url, ['disturbed-queue', 'disturbed-barrier']);
