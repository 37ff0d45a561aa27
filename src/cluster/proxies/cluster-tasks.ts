import { BaseProxy } from '../../managers/proxy.ts';
import type { DeskNews, TaskOrder } from '../tasks/desk-task.ts';
import { type PackedNews, unpackNews } from '../tasks/packed-news.ts';
import { packOrders } from '../tasks/packed-orders.ts';

/** The tasks of a pool in its gateway. */
export class ClusterTasks extends BaseProxy {
  /** Stores a function under its hash, before the first task that names it. */
  store(hash: string, bytes: Uint8Array): Promise<unknown> {
    return this.call('store', [hash, bytes]);
  }

  /** Sends a file that tasks need, before the first of them. */
  ship(hash: string, bytes: Uint8Array): Promise<unknown> {
    return this.call('ship', [hash, bytes]);
  }

  /** Drops a function that no task will name any more. */
  drop(hash: string): Promise<unknown> {
    return this.call('drop', [hash]);
  }

  /** Submits tasks. */
  submit(orders: readonly TaskOrder[]): Promise<unknown> {
    return this.call('submit', [packOrders(orders)]);
  }

  /** Submits tasks, and resolves as `next()` does. */
  async run(orders: readonly TaskOrder[]): Promise<DeskNews> {
    return unpackNews(await this.call<PackedNews>('run', [packOrders(orders)]));
  }

  /** Resolves to the outcomes of tasks as soon as one has ended; to no outcome if no task is left. */
  async next(): Promise<DeskNews> {
    return unpackNews(await this.call<PackedNews>('next'));
  }

  /** Ends a task. It will have no outcome. */
  cancel(id: number): Promise<unknown> {
    return this.call('cancel', [id]);
  }

  /** Resolves to the number of slots of the hosts. */
  slots(): Promise<number> {
    return this.call('slots');
  }

  /** Ends the pool and its running tasks. */
  end(): Promise<unknown> {
    return this.call('end');
  }
}
