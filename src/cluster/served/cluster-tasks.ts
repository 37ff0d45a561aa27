import type { Caller } from '../../managers/caller.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import type { Gateway } from '../gateway.ts';
import type { PoolOrders } from '../tasks/desk-task.ts';
import { packNews } from '../tasks/packed-news.ts';
import { type PackedOrders, unpackOrders } from '../tasks/packed-orders.ts';
import { TaskDesk } from '../tasks/task-desk.ts';

/** Serves the tasks of one pool to its program. */
export function clusterTasks(gateway: Gateway, orders: PoolOrders): ServedObject {
  const desk = new TaskDesk(gateway, orders);
  return serve(
    'tasks',
    {
      store: (_caller: Caller, hash: string, bytes: Uint8Array) => desk.store(hash, bytes),
      ship: (_caller: Caller, hash: string, bytes: Uint8Array) => desk.ship(hash, bytes),
      drop: (_caller: Caller, hash: string) => desk.drop(hash),
      submit: (_caller: Caller, orders: PackedOrders) => desk.submit(unpackOrders(orders)),
      run: (_caller: Caller, orders: PackedOrders) => desk.run(unpackOrders(orders)).then(packNews),
      next: () => desk.next().then(packNews),
      cancel: (_caller: Caller, id: number) => desk.cancel(id),
      slots: () => desk.slots(),
      end: () => desk.end(),
    },
    // The program is gone, or has forgotten its pool.
    () => void desk.end().catch(() => {}),
  );
}
