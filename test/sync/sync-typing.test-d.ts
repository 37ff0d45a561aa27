// Compiled, never run: what the types of locks and what is like them allow and refuse.
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  JoinableQueue,
  type Lock,
  Process,
  RLock,
  type Semaphore,
} from 'multiproc';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

export async function typing(): Promise<void> {
  const lock: Lock = new RLock();
  const semaphore: Semaphore = new BoundedSemaphore(2);
  is<Equal<Awaited<ReturnType<typeof lock.acquire>>, boolean>>();
  is<Equal<ReturnType<typeof semaphore.getValue>, number>>();
  const five = await lock.with(async () => 5);
  is<Equal<typeof five, number>>();
  using _ = await semaphore.guard({ timeout: 5, signal: AbortSignal.timeout(5) });
  // @ts-expect-error a blocking call has no signal
  lock.acquireSync({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error Python's positional arguments
  await lock.acquire(true, 5);
  // @ts-expect-error it is told, not set
  lock.abandoned = false;
  // @ts-expect-error an RLock takes no arguments
  new RLock(1);

  const condition = new Condition(lock);
  const found = await condition.waitFor(() => [1].find((x) => x > 0), { timeout: 5 });
  is<Equal<typeof found, number | undefined>>();
  const answer = condition.waitForSync(() => 'x' as const);
  is<Equal<typeof answer, 'x'>>();
  // @ts-expect-error a semaphore is no lock
  new Condition(semaphore);

  const event = new Event();
  is<Equal<Awaited<ReturnType<typeof event.wait>>, boolean>>();

  const barrier = new Barrier(2, { action: async () => {}, timeout: 5 });
  is<Equal<Awaited<ReturnType<typeof barrier.wait>>, number>>();
  // @ts-expect-error parties must be said
  new Barrier();
  // @ts-expect-error it is told, not set
  barrier.broken = true;

  const queue = new JoinableQueue<string>(5);
  await queue.put('x');
  // @ts-expect-error another type of item
  await queue.put(5);
  is<Equal<Awaited<ReturnType<typeof queue.join>>, void>>();

  const target = (a: RLock, b: Event, c: Barrier): void => void [a, b, c];
  new Process({ target, args: [new RLock(), event, barrier] });
}
