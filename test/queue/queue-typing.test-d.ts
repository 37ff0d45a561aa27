// Compiled, never run: what the types of multiproc/queue allow and refuse.
import { type Full, LifoQueue, PriorityQueue, Queue, type ShutDown, SimpleQueue } from 'multiproc/queue';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

export async function typing(full: Full, shutDown: ShutDown): Promise<void> {
  const q = new Queue<{ id: number }>(10);
  is<Equal<Awaited<ReturnType<typeof q.get>>, { id: number }>>();
  is<Equal<ReturnType<typeof q.getNowait>, { id: number }>>();
  is<Equal<ReturnType<typeof q.getSync>, { id: number }>>();
  is<Equal<Awaited<ReturnType<typeof q.getMany>>, { id: number }[]>>();
  for await (const item of q) is<Equal<typeof item, { id: number }>>();
  is<Equal<typeof full.done, number | undefined>>();
  is<Equal<typeof shutDown.done, number | undefined>>();

  await q.put({ id: 1 }, { timeout: 1000, signal: AbortSignal.timeout(1000) });
  await q.put({ id: 1 }, {});
  await q.putMany(new Set([{ id: 1 }]));
  q.shutdown({ immediate: true });
  // @ts-expect-error another type of item
  await q.put('x');
  // @ts-expect-error Python's positional arguments
  await q.get(true, 5);
  // @ts-expect-error a blocking call has no signal
  q.getSync({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error maxsize is read-only
  q.maxsize = 5;
  // @ts-expect-error an async iterable is not an iterable
  await q.putMany(q);
  // @ts-expect-error storage is for subclasses
  q._get();

  // As in Python, a queue made without a type takes anything.
  const any = new Queue();
  await any.put('yang');
  await any.put(4);
  is<Equal<Awaited<ReturnType<typeof any.get>>, unknown>>();

  const queues: Queue<number>[] = [new LifoQueue<number>(), new PriorityQueue<number>()];
  const iterables: AsyncIterable<number>[] = queues;
  const disposables: Disposable[] = [...queues, new SimpleQueue<number>()];
  void [iterables, disposables];

  // @ts-expect-error a SimpleQueue has no bound
  new SimpleQueue<number>(5);
  // @ts-expect-error and cannot be shut down
  new SimpleQueue<number>().shutdown();
}
