import type { Reach } from '../../codec/extension.ts';
import { afterGetting } from '../../contracts/queue.ts';
import { JoinableQueueProxy, QueueProxy } from '../../managers/proxies/queue-proxy.ts';
import { packValue, unpackValue } from '../packed.ts';
import type { Taken } from '../served/cluster-queue.ts';
import { type CallPacked, packedKinds, packing } from './packing.ts';

/** Calls a queue's method with bytes for items. `far` says who may have written an item: programs with the key, or any program. */
const callPacked: CallPacked = async (call, far, method, args, options) => {
  switch (method) {
    case 'put':
    case 'putNowait':
      return call(method, [packValue(args[0], 'item', far)], options);
    case 'putMany':
      return call(method, [(args[0] as unknown[]).map((item, i) => packValue(item, `items[${i}]`, far))], options);
    case 'get':
    case 'getNowait':
      return unpackValue(await call<Uint8Array>(method, args, options), far);
    case 'getMany':
      return unpackAll(await call<Taken>(method, args, options), far);
    default:
      return call(method, args, options);
  }
};

function unpackAll({ items, error }: Taken, far: Reach): unknown[] {
  const values: unknown[] = [];
  let failure = error;
  for (const item of items) {
    try {
      values.push(unpackValue(item, far));
    } catch (cause) {
      failure ??= cause;
    }
  }
  if (failure !== undefined) throw afterGetting(failure, values);
  return values;
}

class ClusterQueue extends packing(QueueProxy, callPacked) {}

/** A queue of a cluster whose items are marked as done. */
class ClusterJoinableQueue extends packing(JoinableQueueProxy, callPacked) {}

/** The functions that make the proxies of queues, by their kinds. */
export const queueKinds = packedKinds({ queue: ClusterQueue, joinableQueue: ClusterJoinableQueue });
