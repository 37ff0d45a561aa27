import { Pool, Process, Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import { Queue as LocalQueue } from 'multiproc/queue';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';

export async function uses(): Promise<string> {
  const queue: Queue<number> = new Queue<number>(3);
  await queue.put(1);
  const pool = new Pool({ processes: 2 });
  const [first = 0]: number[] = await pool.map((n: number) => n + 1, [1, 2]);
  // @ts-expect-error: a number is no string
  await queue.put('1');
  new Process({ target: (n: number) => n, args: [first] }).start();
  return [new LocalQueue<string>().maxsize, connect, Listener, Manager, ShareableList, SharedMemory].join();
}
