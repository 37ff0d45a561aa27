/** A pool as the benchmark sees it, ours or another's. */
export interface RunningPool {
  run(i: number): PromiseLike<unknown>;
  end(): unknown;
}

/** As many as the machines have CPUs on which the table of figures is made. */
export const WORKERS = 2;

/** Those that the targets of pools name, by their names in peers.mjs. Tinypool and workerpool have threads, or processes: the quicker of the two counts. */
export const rivalPools = ['piscina', 'tinypool', 'tinypool-process', 'workerpool', 'workerpool-process'] as const;

/** Starts one of the other pools, by its name in peers.mjs. */
export async function startPeer(name: string): Promise<RunningPool> {
  // Not compiled: it stands in bench/, this file in build/bench/.
  const { href } = new URL('../../../bench/pools/peers.mjs', import.meta.url);
  const { peers } = (await import(href)) as { peers: Readonly<Record<string, () => Promise<RunningPool>>> };
  return await peers[name]!();
}
