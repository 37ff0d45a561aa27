// Hosts and programs on machines of their own, whose cables are unplugged.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { WorkerLostError } from 'multiproc';
import { Network, noNetwork } from './network.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { isAlive, linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';

describe('machines that are cut off', { skip: skip || noNetwork(), timeout: 120_000 }, () => {
  const stages = new Stages();
  let made: Promise<{ network: Network; redis: RedisServer }> | undefined;
  const prepare = async () => {
    const network = new Network();
    stages.onEnd(() => network.end());
    const redis = new RedisServer('--port', '6379', '--bind', '0.0.0.0', '--protected-mode', 'no');
    redis.before = network.server;
    stages.onEnd(() => redis.remove());
    await redis.start();
    return { network, redis };
  };
  const world = () => (made ??= prepare());

  test('a host ends its tasks before another can start them; when it is back it takes tasks again', async () => {
    const { network, redis } = await world();
    const stage = stages.at(redis.url, 'host', 5000);
    const [one, two] = [network.machine(), network.machine()];
    const start = async ({ server, before }: typeof one, label: string) => {
      const cwd = stage.file(label);
      mkdirSync(cwd);
      return await stage.host({ slots: 2, url: `redis://${server}`, before, cwd, args: ['--label', label] });
    };
    const first = await start(one, 'first');
    const pool = stage.pool();
    const [again, never, go] = [stage.file('again'), stage.file('never'), stage.file('go')];
    const runsAgain = pool.apply(noting, [again, go], { retries: 1 });
    const isLost = assert.rejects(
      pool.apply(noting, [never, go]),
      (error: unknown) => error instanceof WorkerLostError && error.host === first.id,
    );
    await until(() => linesOf(again).length === 1 && linesOf(never).length === 1);
    await start(two, 'second');
    const workers = [again, never].map((file) => Number(linesOf(file)[0]!.split(' ')[0]));
    one.unplug();
    await until(() => !workers.some(isAlive));
    // The claims are still those of the first host.
    const claims = (await redis.list('KEYS', 'mp:host:*:lock')).length;
    assert.equal(claims, 2);
    assert.equal(linesOf(again).length, 1);
    appendFileSync(go, '');
    assert.equal(await runsAgain, Number(linesOf(again)[1]!.split(' ')[0]));
    await isLost;
    assert.equal(linesOf(never).length, 1);
    one.plug();
    // While it is gone all hosts refuse the next pool.
    await using cluster = stage.clusterOf();
    await until(async () => (await cluster.hosts()).length === 2);
    const back = stage.pool({ where: ['first'] });
    assert.equal(await back.apply(() => process.cwd()), stage.file('first'));
  });

  test('a program that holds a lock learns that it is lost before another program owns it', async () => {
    const { network, redis } = await world();
    const machine = network.machine();
    const stage = stages.at(redis.url, 'lock', 3000);
    const code = `
      const { Cluster } = require('multiproc/cluster');
      (async () => {
        const cluster = new Cluster({ url: 'redis://${machine.server}', key: ${JSON.stringify(key)}, lease: 3000, namespace: 'lock' });
        const held = await cluster.lock({ name: 'l' }).guard();
        console.log('held');
        held.lost.addEventListener('abort', () => console.log(held.lost.reason.name));
      })();`;
    const [command, ...args] = [...machine.before, process.execPath, '-e', code];
    const program = stage.keep(spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    const said: string[] = [];
    const lines = createInterface({ input: program.stdout! }).on('line', (line) => said.push(line));
    await once(lines, 'line');
    machine.unplug();
    await using cluster = stage.clusterOf();
    const held = await cluster.lock({ name: 'l' }).guard();
    assert.deepEqual(said, ['held', 'LeaseLostError']);
    assert.equal(held.abandoned, true);
  });
});
