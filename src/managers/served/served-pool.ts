import type { AsyncResult } from '../../pool/async-result.ts';
import { Pool } from '../../pool/pool.ts';
import type { PoolOptions } from '../../pool/pool-options.ts';
import { ByReference } from '../by-reference.ts';
import { type ServedMethods, type ServedObject, serve } from '../served-object.ts';
import { ServedIterator } from './served-iterator.ts';

/** Makes and serves a pool whose workers belong to the server. */
export function servedPool(options: number | PoolOptions | undefined): ServedObject {
  const pool = new Pool(options);
  const methods: Record<string, ServedMethods[string]> = {
    close: () => pool.close(),
    terminate: () => pool.terminate(),
    join: ({ signal }, wait) => pool.join({ ...wait, signal }),
    stats: () => pool.stats(),
    size: () => pool.size,
    pids: () => pool.pids,
  };
  for (const name of ['apply', 'map', 'starmap', 'mapChunks'] as const) {
    methods[name] = (caller, fn, args, task) => (pool[name] as Run)(fn, args, { ...task, signal: caller.signal });
  }
  for (const name of ['applyAsync', 'mapAsync', 'starmapAsync'] as const) {
    methods[name] = (_, fn, args, task) => servedResult((pool[name] as Later)(fn, args, task));
  }
  for (const name of ['imap', 'imapUnordered'] as const) {
    methods[name] = (_, fn, items, task) => new ByReference(new ServedIterator(pool[name](fn, items, task)));
  }
  return serve('pool', methods, () => pool.terminate());
}

type Run = (fn: unknown, args: unknown, options: object) => Promise<unknown>;
type Later = (fn: unknown, args: unknown, options: object) => AsyncResult<unknown>;

function servedResult(result: AsyncResult<unknown>): ByReference {
  // The holder of the proxy reads the error; the server must not report it as unread.
  result.wait().catch(() => {});
  return new ByReference(
    serve('asyncResult', {
      get: ({ signal }, wait) => result.get({ ...wait, signal }),
      wait: ({ signal }, wait) => result.wait({ ...wait, signal }),
      ready: () => result.ready(),
      successful: () => result.successful(),
      cancel: () => result.cancel(),
    }),
  );
}
