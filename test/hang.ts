import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { family } from '#dist/memory/family.js';
import { Heap, wordIndex } from '#dist/memory/heap.js';
import { field, Members } from '#dist/memory/members.js';
import { locate, type SharedObject } from '#dist/memory/shared-object.js';
import { platform } from '#dist/platform/choose.js';
import type { MemoryPass } from '#dist/platform/memory.js';

/** How many words of an object the dump shows: all of a lock, all of a queue. */
const WORDS = 112;

interface Order {
  readonly label: string;
  readonly ms: number;
  readonly memory: MemoryPass;
  readonly objects: number[];
}

let worker: Worker | undefined;

/**
 * Dumps the member table and the words of `objects` to standard error and kills this process, unless it is disposed of within
 * `seconds`: `using _ = watchdog('label', 60, queue)`. It runs in a thread of its own, so a blocked thread is no obstacle.
 */
export function watchdog(label: string, seconds: number, ...objects: SharedObject[]): Disposable {
  worker ??= new Worker(fileURLToPath(import.meta.url), { workerData: 'watchdog' });
  worker.unref();
  const order: Order = {
    label,
    ms: seconds * 1000,
    memory: family().heap.memory.pass,
    objects: objects.map((o) => locate(o).offset),
  };
  worker.postMessage(order);
  return { [Symbol.dispose]: () => worker!.postMessage(undefined) };
}

if (!isMainThread && workerData === 'watchdog') {
  let timer: NodeJS.Timeout | undefined;
  parentPort!.on('message', (order: Order | undefined) => {
    clearTimeout(timer);
    if (order !== undefined) timer = setTimeout(() => bite(order), order.ms);
  });
}

function bite({ label, memory, objects }: Order): void {
  const heap = new Heap(platform().openMemory(memory));
  const members = new Members(heap);
  const lines = [`watchdog: ${label} hangs`];
  const names = Object.keys(field) as (keyof typeof field)[];
  for (const member of members.all()) {
    const words = names.map((name) => `${name} ${members.get(member, field[name])}`);
    const pid = members.get(member, field.pid);
    lines.push(`member ${member} (${kernelState(pid)}): ${words.join(', ')}`);
  }
  for (const offset of objects) {
    const at = wordIndex(offset);
    lines.push(
      `object at ${offset}: ${heap
        .words(offset)
        .subarray(at, at + WORDS)
        .join(' ')}`,
    );
  }
  writeSync(2, `${lines.join('\n')}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function kernelState(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').match(/State:\s*(.*)/)?.[1] ?? '?';
  } catch {
    return 'gone';
  }
}
