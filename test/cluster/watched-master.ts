// A master with a replica, and sentinels that watch them: servers of the tests' own, on free ports.
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './stage.ts';

const NAME = 'mine';
/** Longer than any machine holds up a process. */
const NEVER = 10 ** 9;
/** Milliseconds after which a test that hangs says what its servers say. */
const LATE = 100_000;

export class WatchedMaster {
  readonly sentinels: RedisServer[] = [];
  readonly sentinelPorts: number[] = [];
  master!: RedisServer;
  replica!: RedisServer;
  #replicaPort = 0;

  /** Starts them; resolves when the replica may take the master's place, and each sentinel knows that. `downAfter` are milliseconds. */
  async start(sentinels: number, downAfter: number): Promise<this> {
    const [master, replica, ...ports] = (await freePorts(2 + sentinels)) as [number, number, ...number[]];
    const at = (port: number) => ['--port', String(port), '--bind', '127.0.0.1'];
    this.#replicaPort = replica;
    this.master = await new RedisServer(...at(master), '--repl-diskless-sync-delay', '0').start();
    this.replica = await new RedisServer(...at(replica), '--replicaof', '127.0.0.1', String(master)).start();
    for (const port of ports) {
      const sentinel = new RedisServer(...at(port));
      const file = `${sentinel.folder}/sentinel.conf`;
      const settings = [
        `sentinel monitor ${NAME} 127.0.0.1 ${master} 1`,
        // A replica that has been cut off for ten times as long is no candidate any more.
        `sentinel down-after-milliseconds ${NAME} ${downAfter}`,
        `sentinel failover-timeout ${NAME} 5000`,
      ];
      writeFileSync(file, settings.join('\n'));
      this.sentinels.push(await sentinel.asSentinel(file).start());
      this.sentinelPorts.push(port);
      // A sentinel that a busy machine holds up for two seconds does nothing for half a minute, and takes the replica for one that was cut off
      // before the master was down.
      await sentinel.command('SENTINEL', 'DEBUG', 'tilt-trigger', String(NEVER));
    }
    for (const sentinel of this.sentinels) await until(() => this.#isCandidate(sentinel));
    return this;
  }

  get replicaUrl(): string {
    return `redis://127.0.0.1:${this.#replicaPort}`;
  }

  /** The URL of the master, over the sentinels at these ports. */
  url(ports: readonly number[] = this.sentinelPorts): string {
    return `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`;
  }

  /** Resolves when the replica has all that the master has. */
  async copied(): Promise<void> {
    const offset = async (server: RedisServer) =>
      /^master_repl_offset:\d+/m.exec(await server.command('INFO', 'replication'))![0];
    await until(async () => (await offset(this.replica)) === (await offset(this.master)));
  }

  /** Has the first sentinel put the replica in the place of the master, and resolves when it names that. */
  async failOver(): Promise<void> {
    const [sentinel] = this.sentinels as [RedisServer];
    await until(async () => (await sentinel.command('SENTINEL', 'FAILOVER', NAME)) === '+OK');
    const named = () => sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
    await until(async () => (await named()).includes(String(this.#replicaPort)));
  }

  /** Runs a test; if it fails, or hangs, prints what the servers have said and who is at them. */
  async explain(run: () => Promise<void>): Promise<void> {
    const say = async () => console.error(await this.#report());
    const late = globalThis.setTimeout(say, LATE);
    try {
      await run();
    } catch (error) {
      await say();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  async remove(): Promise<void> {
    for (const server of [...this.sentinels, this.master, this.replica]) await server?.remove();
  }

  async #isCandidate(sentinel: RedisServer): Promise<boolean> {
    const fields = (await sentinel.command('SENTINEL', 'REPLICAS', NAME)).split('\r\n');
    const value = (name: string) => fields[fields.indexOf(name) + 2];
    return (
      value('port') === String(this.#replicaPort) &&
      value('flags') === 'slave' &&
      value('master-link-status') === 'ok' &&
      (await this.replica.command('INFO', 'replication')).includes('master_link_status:up')
    );
  }

  async #report(): Promise<string> {
    const said: string[] = [];
    const servers = { master: this.master, replica: this.replica };
    for (const [name, server] of [...Object.entries(servers), ...this.sentinels.entries()]) {
      const asked = [['ROLE'], ['CLIENT', 'LIST']];
      if (typeof name === 'number')
        asked.push(['INFO', 'sentinel'], ['SENTINEL', 'MASTERS'], ['SENTINEL', 'REPLICAS', NAME]);
      for (const words of asked) {
        const never = setTimeout(2000, 'no answer', { ref: false });
        const answer = await Promise.race([server.command(...words).catch(String), never]);
        said.push(`${name}: ${words.join(' ')}: ${answer.replaceAll('\r\n', ' ')}`);
      }
      said.push(`${name} has said:`, ...server.said().split('\n').slice(-80));
    }
    return said.join('\n');
  }
}
