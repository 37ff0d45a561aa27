// What a cluster says of itself: stats, hosts, metrics and the commands that show them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { startWorker } from 'multiproc/cluster';
import { key } from './program.ts';
import { skip } from './redis-server.ts';
import { cli, linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';

describe('what a cluster says of itself', { skip, timeout: 120_000 }, () => {
  const stages = new Stages(10_000);
  const env = { ...process.env, MULTIPROC_KEY: key };

  test('stats counts slots, those that are wanted, the tasks of each pool and what the hosts have done', async () => {
    const one = await stages.of('stats');
    const host = await one.host({ slots: 2 });
    const [bounded, free] = [one.pool({ processes: 3 }), one.pool({ name: 'render' })];
    const [file, go] = [one.file('begun'), one.file('go')];
    await using cluster = one.clusterOf();
    await assert.rejects(
      free.apply(() => {
        throw new RangeError('no');
      }),
      RangeError,
    );
    const tasks = Array.from({ length: 200 }, () => bounded.apply(noting, [file, go]));
    await until(() => linesOf(file).length === 2);
    const waits = free.apply(noting, [file, go]);
    // What waits in the program is told now and then.
    const all = (pools: readonly { running: number; waiting: number }[]) =>
      pools.reduce((sum, { running, waiting }) => sum + running + waiting, 0);
    await until(async () => all((await cluster.stats()).pools) === 201);
    const stats = await cluster.stats();
    assert.deepEqual([stats.slots, stats.slotsWanted, stats.hosts, stats.pools.length], [2, 4, 1, 2]);
    const [first, second] = stats.pools[0]!.processes === 3 ? stats.pools : [...stats.pools].reverse();
    assert.deepEqual([first!.running, first!.running + first!.waiting], [2, 200]);
    assert.deepEqual([second!.processes, second!.running, second!.waiting], [undefined, 0, 1]);
    assert.deepEqual(stats.tasks, { started: 3, done: 1, failed: 1, lost: 0, refused: 0 });
    const [info] = await cluster.hosts();
    assert.deepEqual([info!.id, info!.running, info!.slots], [host.id, 2, 2]);
    assert.deepEqual(info!.pools, [{ pool: first!.id, name: info!.pools[0]!.name, tasks: ['noting()', 'noting()'] }]);
    assert.match(info!.multiproc, /^\d+\.\d+\.\d+/);
    await using stranger = one.clusterOf({ key: 'another key of the tests' });
    assert.deepEqual((await stranger.hosts())[0]!.pools, []);
    const shown = spawnSync(process.execPath, [cli, 'hosts', one.url, '--namespace', 'stats'], {
      env,
      encoding: 'utf8',
    });
    assert.match(
      shown.stdout,
      new RegExp(`^${host.id}  2/2 running  up  node v.*\n  runs pool ${first!.id} .*: noting\\(\\) × 2\n$`),
    );
    const top = spawnSync(process.execPath, [cli, 'top', one.url, '--namespace', 'stats'], { env, encoding: 'utf8' });
    assert.equal(top.status, 0);
    assert.match(top.stdout, /^1 hosts {2}2 slots {2}4 wanted {2}1 tasks done {2}1 failed/);
    assert.ok(top.stdout.includes(`pool ${first!.id}  2 running  198 waiting  at most 3 at once`), top.stdout);
    appendFileSync(go, '');
    await Promise.all([...tasks, waits]);
  });

  test('top repaints in a terminal until q, and leaves the terminal as it was', { skip: noScript() }, async () => {
    const one = await stages.of('top');
    const command = `${process.execPath} ${cli} top ${one.url} --namespace top; stty -a | grep -o -- ' -\\?icanon'`;
    const child = one.keep(
      spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    await until(() => shown.split('There is no host.').length > 2 || child.exitCode !== null);
    child.stdin.write('q');
    await once(child, 'exit');
    assert.match(shown.trim(), /(?<!-)icanon$/);
  });

  test('metrics stand at /metrics of the address alone, count what the host does, and go on while the server is away', async () => {
    const own = await stages.newServer();
    const cluster = { url: own.url, key, lease: 2000 };
    const worker = await startWorker({ ...cluster, slots: 3, metrics: '0' });
    assert.match(worker.metrics!, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const read = async () => {
      const text = await (await fetch(worker.metrics!)).text();
      const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return new Map(values.map((line) => line.split(' ') as [string, string]));
    };
    const stage = stages.at(own.url, 'default', 2000);
    await stage.pool().apply((x: number) => x + 1, [1]);
    const values = await read();
    for (const [name, value] of Object.entries({
      multiproc_server_up: '1',
      multiproc_slots: '3',
      multiproc_slots_wanted: '0',
      multiproc_host_slots: '3',
      multiproc_host_tasks_started_total: '1',
      multiproc_host_tasks_done_total: '1',
      multiproc_host_tasks_failed_total: '0',
    })) {
      assert.equal(values.get(name), value, name);
    }
    const elsewhere = worker.metrics!.replace('/metrics', '/');
    assert.equal((await fetch(elsewhere)).status, 404);
    assert.equal((await fetch(worker.metrics!, { method: 'POST', body: 'x'.repeat(100_000) })).status, 405);
    await stage.end();
    await own.end('SIGKILL');
    await until(async () => (await read()).get('multiproc_server_up') === '0');
    const away = await read();
    assert.deepEqual([away.get('multiproc_host_slots'), away.has('multiproc_slots')], ['3', false]);
    await own.start();
    await until(async () => (await read()).get('multiproc_server_up') === '1');
    await worker.drain();
  });

  test('strangers at the metrics are few, send little, and cannot stay', async () => {
    const one = await stages.of('strangers');
    const { line } = await one.host({ args: ['--metrics', '127.0.0.1:0'] });
    const url = new URL(/metrics at (\S+)$/.exec(line)![1]!);
    const open = (text: string) => {
      const socket = connect(Number(url.port), url.hostname).on('error', () => {});
      socket.write(text);
      return socket.resume();
    };
    const closed = (socket: Socket) =>
      new Promise<void>((resolve) => void (socket.destroyed ? resolve() : socket.once('close', () => resolve())));
    await closed(open(`GET /metrics HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(8000)}\r\n\r\n`));
    const crowd = Array.from({ length: 40 }, () => open('GET /metrics HTTP/1.1\r\nslow: '));
    await Promise.all(crowd.map(closed));
    assert.equal((await fetch(url)).status, 200);
    await assert.rejects(startWorker({ ...one.cluster, metrics: url.host }), /EADDRINUSE/);
    for (const metrics of ['', 'x', '1.2.3.4', ':9464', '127.0.0.1:99999']) {
      await assert.rejects(startWorker({ ...one.cluster, metrics }), TypeError);
    }
  });
});

function noScript(): string | false {
  return (
    spawnSync('script', ['--version']).status !== 0 && 'the command script, which gives a terminal, is not installed'
  );
}
