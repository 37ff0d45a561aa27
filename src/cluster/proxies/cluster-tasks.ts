import { BaseProxy } from '../../managers/proxy.ts';
import type { DeskNews, TaskOrder } from '../tasks/desk-task.ts';
import { type PackedNews, unpackNews } from '../tasks/packed-news.ts';
import { packOrders } from '../tasks/packed-orders.ts';

/** What a pool has of its tasks in the gateway. */
export class ClusterTasks extends BaseProxy {
  /** Stores a function under its hash, before the first task that names it. */
  store(hash: string, bytes: Uint8Array): Promise<unknown> {
    return this.call('store', [hash, bytes]);
  }

  /** Gives a file that tasks need, before the first of them. */
  ship(hash: string, bytes: Uint8Array): Promise<unknown> {
    return this.call('ship', [hash, bytes]);
  }

  /** No task will name the function any more. */
  drop(hash: string): Promise<unknown> {
    return this.call('drop', [hash]);
  }

  /** Submits tasks. */
  submit(orders: readonly TaskOrder[]): Promise<unknown> {
    return this.call('submit', [packOrders(orders)]);
  }

  /** Submits tasks, and resolves as `next()`. */
  async run(orders: readonly TaskOrder[]): Promise<DeskNews> {
    return unpackNews(await this.call<PackedNews>('run', [packOrders(orders)]));
  }

  /** Resolves to how tasks ended, as soon as one has; to none if there is none to wait for. */
  async next(): Promise<DeskNews> {
    return unpackNews(await this.call<PackedNews>('next'));
  }

  /** Ends a task, of which nothing will be heard. */
  cancel(id: number): Promise<unknown> {
    return this.call('cancel', [id]);
  }

  /** Resolves to the number of slots that the hosts have. */
  slots(): Promise<number> {
    return this.call('slots');
  }

  /** Ends the pool and all that runs of it. */
  end(): Promise<unknown> {
    return this.call('end');
  }
}
