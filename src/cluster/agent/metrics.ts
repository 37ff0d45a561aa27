import type { AddressInfo } from 'node:net';
import { clock } from '../../engine/builtins.ts';
import type { Redis } from '../redis.ts';
import { type ClusterStats, readStats } from '../tasks/cluster-stats.ts';
import type { HostInfo } from '../tasks/read-hosts.ts';

/** Limits for strangers: the number of connections, the bytes of a header, and milliseconds. */
const MOST_CONNECTIONS = 32;
const LARGEST_HEADER = 4096;
const PATIENCE = 5000;
/** Milliseconds for which the last reply of the cluster's server is used again, however many requests come. */
const FRESH = 1000;

/** What the metrics need of a host. */
interface Measured {
  readonly info: HostInfo;
  readonly namespace: string;
  readonly redis: Redis;
}

/** Serves the metrics of a host at `/metrics`, as Prometheus reads them. Resolves to the URL; rejects if the address cannot be used. */
export async function serveMetrics(measured: Measured, where: { host: string; port: number }): Promise<string> {
  const { createServer } = process.getBuiltinModule('node:http');
  const reads = new StatsReader(measured);
  const server = createServer(
    {
      maxHeaderSize: LARGEST_HEADER,
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      keepAliveTimeout: PATIENCE,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => {
      const isKnown = request.url === '/metrics';
      if (!isKnown || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(isKnown ? 405 : 404, { connection: 'close' }).end();
        return;
      }
      reads.now().then((stats) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(textOf(measured.info, stats));
      });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = 2 * PATIENCE;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, exclusive: true }, resolve);
  });
  server.on('error', () => {});
  server.unref();
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
}

/** Reads the cluster at most once in a second. */
class StatsReader {
  readonly #measured: Measured;
  #reading: Promise<ClusterStats | undefined> | undefined;
  #read = 0;

  constructor(measured: Measured) {
    this.#measured = measured;
  }

  /** Resolves to undefined while the server of the cluster is away. */
  async now(): Promise<ClusterStats | undefined> {
    const { redis, namespace } = this.#measured;
    if (!redis.isReady) return undefined;
    if (this.#reading === undefined || clock() - this.#read > FRESH) {
      this.#read = clock();
      this.#reading = readStats(redis, namespace).catch(() => undefined);
    }
    return await this.#reading;
  }
}

/** Returns the metrics as text. Leaves out those of the cluster while its server is away. */
function textOf({ slots, running, tasks, refuses, state }: HostInfo, stats: ClusterStats | undefined): string {
  const lines: string[] = [];
  const add = (name: string, type: 'gauge' | 'counter', help: string, value: number) =>
    lines.push(`# HELP multiproc_${name} ${help}`, `# TYPE multiproc_${name} ${type}`, `multiproc_${name} ${value}`);
  add('server_up', 'gauge', 'Whether the Redis or Valkey server answers this host.', stats === undefined ? 0 : 1);
  if (stats !== undefined) {
    const sum = (field: 'running' | 'waiting') => stats.pools.reduce((total, pool) => total + pool[field], 0);
    add('slots', 'gauge', 'Slots of all hosts of the cluster that take tasks.', stats.slots);
    add('slots_wanted', 'gauge', 'Slots that could be busy now, of all pools.', stats.slotsWanted);
    add('hosts', 'gauge', 'Hosts of the cluster.', stats.hosts);
    add('pools', 'gauge', 'Pools of programs that live.', stats.pools.length);
    add('tasks_running', 'gauge', 'Tasks of all pools that were started and have no result yet.', sum('running'));
    add('tasks_waiting', 'gauge', 'Tasks of all pools that were not started yet.', sum('waiting'));
  }
  add('host_slots', 'gauge', 'Slots of this host.', slots);
  add('host_slots_busy', 'gauge', 'Slots of this host that are busy.', running);
  add('host_draining', 'gauge', 'Whether this host takes no more tasks.', state === 'draining' ? 1 : 0);
  add('host_pools_refused', 'gauge', 'Pools that this host cannot serve.', refuses.length);
  add('host_tasks_started_total', 'counter', 'Starts of tasks on this host.', tasks.started);
  add('host_tasks_done_total', 'counter', 'Tasks that ended on this host.', tasks.done);
  add('host_tasks_failed_total', 'counter', 'Tasks that ended on this host with an error.', tasks.failed);
  add('host_tasks_lost_total', 'counter', 'Tasks of lost hosts that this host found.', tasks.lost);
  add('host_refused_total', 'counter', 'Messages that no key of the cluster has sealed.', tasks.refused);
  return `${lines.join('\n')}\n`;
}
