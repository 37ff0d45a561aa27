// Three masters of a Redis Cluster, and a replica of the first: servers of the tests' own, on free ports.
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16384;
const MASTERS = 3;

export class RedisCluster {
  readonly nodes: RedisServer[] = [];
  #ports: number[] = [];

  get url(): string {
    return `redis+cluster://${this.#ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  }

  async start(): Promise<this> {
    const ports = await freePorts(2 * (MASTERS + 1));
    this.#ports = ports.slice(0, MASTERS + 1);
    for (const [i, port] of this.#ports.entries()) {
      const bus = String(ports[MASTERS + 1 + i]);
      const options = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        bus,
      ];
      this.nodes.push(
        await new RedisServer(...options, '--cluster-node-timeout', '1000', '--appendonly', 'yes').start(),
      );
      if (i > 0) await this.nodes[0]!.command('CLUSTER', 'MEET', '127.0.0.1', String(port), bus);
    }
    for (let i = 0; i < MASTERS; i++) {
      const [from, to] = [Math.floor((i * SLOTS) / MASTERS), Math.floor(((i + 1) * SLOTS) / MASTERS) - 1];
      await this.nodes[i]!.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    }
    const first = textOf(await this.nodes[0]!.command('CLUSTER', 'MYID'));
    while ((await this.nodes[MASTERS]!.command('CLUSTER', 'REPLICATE', first)) !== '+OK') await setTimeout(20);
    for (const node of this.nodes) {
      while (!(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await setTimeout(20);
    }
    while (!(await this.replica.command('INFO', 'replication')).includes('master_link_status:up')) await setTimeout(20);
    return this;
  }

  /** The replica of the first master. */
  get replica(): RedisServer {
    return this.nodes[MASTERS]!;
  }

  /** Returns a name whose keys the first master has. */
  async nameAtFirst(start: string): Promise<string> {
    for (let i = 0; ; i++) {
      const slot = Number((await this.replica.command('CLUSTER', 'KEYSLOT', `{n:${start}${i}}`)).slice(1));
      if (slot < Math.floor(SLOTS / MASTERS)) return `${start}${i}`;
    }
  }

  async remove(): Promise<void> {
    for (const node of this.nodes) await node.remove();
  }
}

/** The text of a reply. */
function textOf(reply: string): string {
  return reply.slice(reply.indexOf('\r\n') + 2);
}
