import type { Executor } from '../contracts/executor.ts';
import type { PoolSettings } from './pool-settings.ts';

type Elsewhere = { readonly ClusterExecutor: new (settings: PoolSettings) => Executor };

let load: (() => Elsewhere) | undefined;

/** Says how the executor of a cluster is loaded, which stands above the pools; the library's door calls it once. */
export function registerElsewhere(loader: () => Elsewhere): void {
  load = loader;
}

/** Makes the executor of a pool whose tasks run in a cluster. */
export function makeElsewhere(settings: PoolSettings): Executor {
  return new (load!().ClusterExecutor)(settings);
}
