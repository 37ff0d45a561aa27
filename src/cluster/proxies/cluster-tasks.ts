import { BaseProxy } from '../../managers/proxy.ts';
import type { DeskOutcome } from '../tasks/task-desk.ts';

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

  /** Has a task run at most `limit` times. Resolves to how it ended. */
  run(id: string, letter: Uint8Array, limit: number, priority: number): Promise<DeskOutcome> {
    return this.call('run', [id, letter, limit, priority]) as Promise<DeskOutcome>;
  }

  /** Ends a task, whose `run` rejects. */
  cancel(id: string): Promise<unknown> {
    return this.call('cancel', [id]);
  }

  /** Resolves to the number of slots that the hosts have. */
  slots(): Promise<number> {
    return this.call('slots') as Promise<number>;
  }

  /** Ends the pool and all that runs of it. */
  end(): Promise<unknown> {
    return this.call('end');
  }
}
