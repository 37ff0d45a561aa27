import { overThreads } from '../cases.ts';

const signals = 'a thread cannot be sent signals: they stop, or end, all of its process';

await overThreads(
  import.meta.url,
  ['across', 'queue', 'joinable-queue', 'barrier', 'blobs', 'producers', 'life', 'kills', 'kills-of-joins'],
  {
    'a party that fails, or is killed in the action, breaks the barrier': signals,
    'a blocked getter that is stopped holds up nobody, and goes on': signals,
    'a looping getter that is stopped holds up nobody, and goes on': signals,
    'a stopped getter holds up nobody even if the process that put the item blocks at once in something else (blocked)':
      signals,
    'a stopped getter holds up nobody even if the process that put the item blocks at once in something else (looping)':
      signals,
  },
  {
    'a thousand queues, used and closed or dropped, leave memory, descriptors and mappings at their level':
      'it counts what the system says; there is only the allocator to ask',
    'large binaries are received into the same memory again and again':
      'only by the system the C library can be told to keep memory',
  },
);
