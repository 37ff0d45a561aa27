// What looks like a store into shared memory, and is none: the array is an ordinary one, or this thread's own. A name stands for all
// arrays of that name in the file. A test stops with an error where one of them turns out to be shared after all.
export const privateStores = {
  'channel/barrier.ts': ['double', 'halves'],
  'channel/transport.ts': ['bytes'],
  'cluster/agent/group-run.ts': ['numbers'],
  'cluster/agent/run-sealed.ts': ['values', 'new Array(items.length)'],
  'cluster/tasks/blobs.ts': ['bytes'],
  'connection/connection.ts': ['target'],
  'connection/frame-reader.ts': ['this.#target'],
  'connection/frame.ts': ['head', 'whole'],
  'connection/heap-connection.ts': ['ends', 'here.get(this.#pipe)'],
  'memory/counts.ts': ['this.#sections'],
  'memory/heap.ts': ['this.#words', 'this.#octets'],
  'memory/struct.ts': ['at'],
  'platform/linux-parking.ts': ['view', 'memory.view'],
  'platform/linux-sockets.ts': ['hints', 'address'],
  'platform/portable-memory.ts': ['this.#windows', 'into'],
  'platform/linux.ts': ['timespec', 'entries'],
  'pool/backlog.ts': ['line.items'],
  'pool/batch.ts': ['this.#parts', 'new Array(Math.min(count, LONGEST_AT_ONCE))'],
  'pool/jobs.ts': ['this.#bySlot'],
  'pool/result-iterator.ts': ['outcomes'],
  'ring/record-batch.ts': ['this.#words', 'this.#octets', 'this.#ends'],
  'pool/worker.ts': ['values', 'new Array(items.length)'],
};

/** They know nothing of shared memory: what they write, others copy there. */
export const privateFolders = ['codec', 'functions', 'queue', 'managers/served', 'managers/proxies'];
