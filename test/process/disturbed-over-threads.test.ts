import { overThreads } from '../cases.ts';

await overThreads(import.meta.url, ['disturbed'], {
  'disturbed anywhere while it starts a detached process, a process leaves none that waits for its work for ever':
    'threads are not detached',
});
