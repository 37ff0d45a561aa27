import { overThreads } from '../cases.ts';

await overThreads(import.meta.url, ['disturbed-lock', 'disturbed-primitives'], {
  'disturbed anywhere while it takes back a lock that was handed to one who does not come, a process holds up nobody':
    'the one who does not come is stopped, and a stopped thread is a stopped process',
});
