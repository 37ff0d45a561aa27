// Who can write to the server without the key: every kind of sealed message flipped, cut and swapped. Who may do what in the server, and TLS.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AuthenticationError } from 'multiproc';
import { ClusterError, PlacementError, startWorker } from 'multiproc/cluster';
import { freePorts } from './free-ports.ts';
import { type RedisServer, skip } from './redis-server.ts';
import { linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';

/** The rights that docs/cluster.md names. */
const rights = readFileSync(
  new URL(
    import.meta.url.includes('/build/test/') ? '../../../docs/cluster.md' : '../../docs/cluster.md',
    import.meta.url,
  ),
  'utf8',
);

/** Milliseconds; and those of a host that is to be lost soon. */
const [LEASE, SHORT] = [20_000, 1500];

describe('strangers at the server', { skip, timeout: 120_000 }, () => {
  // Longer than a busy machine holds up a program: no test here waits for the end of a lease, but for one.
  const stages = new Stages(LEASE);
  const keyOf = async (namespace: string, ending: string) => {
    const find = async () => (await stages.keys(namespace)).find((name) => name.endsWith(ending));
    await until(async () => (await find()) !== undefined);
    return (await find())!;
  };
  /** A value flipped at each of its bytes in turn, and cut. */
  const spoiled = (value: Buffer): Buffer[] => {
    const all: Buffer[] = [];
    for (let at = 0; at < value.length; at += Math.ceil(value.length / 40)) {
      const flipped = Buffer.from(value);
      flipped[at]! ^= 1 << (at % 8);
      all.push(flipped, value.subarray(0, at));
    }
    return [...all, Buffer.from([0, ...value.subarray(1)])];
  };

  test('options of a pool that were changed, cut or taken from another: hosts refuse the pool, with the reason', async () => {
    const redis = await stages.server();
    const stage = await stages.of('options');
    const [one, two] = [stage.pool(), stage.pool()];
    const never = [one, two].map((pool) =>
      assert.rejects(
        pool.apply(() => 1),
        (error: unknown) => error instanceof PlacementError && /another key/.test(error.message),
      ),
    );
    await until(async () => (await redis.list('KEYS', 'mp:options:*:o')).length === 2);
    const [first, second] = (await redis.list('KEYS', 'mp:options:*:o')).map(String) as [string, string];
    const sealed = async (name: string) => (await redis.list('HMGET', name, 'sealed'))[0]!;
    const [a, b] = [await sealed(first), await sealed(second)];
    await redis.command('HSET', first, 'sealed', b);
    await redis.command('HSET', second, 'sealed', spoiled(a)[0]!);
    await stage.host();
    await Promise.all(never);
  });

  test('a lease of a pool that was changed to what no program has: hosts refuse the pool', async () => {
    const redis = await stages.server();
    const stage = await stages.of('leases');
    const changed = ['1', '-1', 'NaN', 'Infinity', ''];
    const never = changed.map(() =>
      assert.rejects(
        stage.pool().apply(() => 1),
        (error: unknown) => error instanceof PlacementError && /lease/.test(error.message),
      ),
    );
    const notices = async () => (await redis.list('KEYS', 'mp:leases:*:o')).map(String);
    await until(async () => (await notices()).length === changed.length);
    for (const [i, notice] of (await notices()).entries()) await redis.command('HSET', notice, 'lease', changed[i]!);
    await stage.host();
    await Promise.all(never);
  });

  test('a function that was changed, cut or taken from another pool is not decoded: its task rejects', async () => {
    const redis = await stages.server();
    const stage = await stages.of('functions');
    const evil = 'evil was here';
    const [one, two] = [stage.pool(), stage.pool()];
    const run = (pool: typeof one, n: number) => pool.apply((x: number) => [x, evil], [n]);
    const waits = [run(one, 1), run(two, 2)];
    await until(async () => (await redis.list('KEYS', 'mp:functions:*:f')).length === 2);
    const names = (await redis.list('KEYS', 'mp:functions:*:f')).map(String);
    const contents = await Promise.all(names.map((name) => redis.list('HGETALL', name)));
    const rejects = waits.map((wait) => assert.rejects(wait, AuthenticationError));
    await redis.command('HSET', names[0]!, contents[0]![0]!, contents[1]![1]!);
    await redis.command('HSET', names[1]!, contents[1]![0]!, spoiled(contents[1]![1]!)[2]!);
    const host = await stage.host();
    await Promise.all(rejects);
    await using cluster = stage.clusterOf();
    await until(async () => (await cluster.stats()).tasks.refused === 2);
    assert.match(host.said(), /was not sealed for it.*refused so far/);
  });

  test('results that were forged, changed, cut or taken from another task are not decoded: the true one arrives', async () => {
    const redis = await stages.server();
    const stage = await stages.of('results');
    await stage.host({ slots: 2 });
    const [file, go, soon] = [stage.file('runs'), stage.file('go'), stage.file('soon')];
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify({ ...stage.cluster, lease: LEASE })} });
      const noting = ${noting};
      const run = (until) => pool.apply(noting, [${JSON.stringify(file)}, until]);
      Promise.all([run(${JSON.stringify(soon)}), run(${JSON.stringify(go)})]).then(async (found) => {
        console.log(JSON.stringify(found));
        await pool.close();
        await pool.join();
      });`;
    const program = stage.keep(
      spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'pipe'], detached: true }),
    );
    let [said, warned] = ['', ''];
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      warned += text;
    });
    const ended = once(program, 'close');
    await until(() => linesOf(file).length === 2);
    const results = (await keyOf('results', ':t')).replace(/:t$/, ':r');
    // While nobody reads, one result is there: it is given to the other task, whole, changed and cut.
    process.kill(-program.pid!, 'SIGSTOP');
    appendFileSync(soon, '');
    await until(async () => (await redis.command('XLEN', results)) === ':1');
    const sealed = Buffer.from((await redis.command('XRANGE', results, '-', '+')).split('\r\n').at(-1)!, 'latin1');
    const [other] = (await redis.list('HKEYS', results.replace(/:r$/, ':t'))).map(String);
    for (const each of [sealed, ...spoiled(sealed), Buffer.from('[3]'), Buffer.alloc(0)]) {
      await redis.command('XADD', results, '*', other!, each);
    }
    const began = performance.now();
    process.kill(-program.pid!, 'SIGCONT');
    await until(async () => warned.includes('refused so far'));
    assert.equal(said, '');
    appendFileSync(go, '');
    await ended;
    const pids = linesOf(file).map((line) => Number(line.split(' ')[0]));
    assert.deepEqual((JSON.parse(said) as number[]).sort(), pids.sort());
    assert.match(warned, /A result of a task was refused: .* was not sealed for it/);
    // One a second at most.
    const most = 1 + (performance.now() - began) / 1000;
    assert.ok(warned.split('refused so far').length - 1 <= most, warned);
  });

  test('what a host says of itself may be anything: commands and programs go on', async () => {
    const redis = await stages.server();
    const stage = await stages.of('said');
    const { id } = await stage.host();
    for (const [name, about] of [
      ['x', 'no JSON'],
      ['y', '5'],
      ['z', '{"id":"z"}'],
    ] as const) {
      await redis.command('SADD', 'mp:said:hosts', name);
      await redis.command('HSET', `mp:said:h:${name}`, 'about', about, 'runs', 'forged');
    }
    await using cluster = stage.clusterOf();
    assert.deepEqual(
      (await cluster.hosts()).map((host) => host.id),
      [id],
    );
    assert.equal((await cluster.stats()).slots, 1);
    assert.equal(await stage.pool().apply((x: number) => x + 1, [1]), 2);
  });

  test('the rights that the page names are enough, and no others are needed', async () => {
    const redis = await stages.server();
    const [, rule] = /ACL SETUSER multiproc (.+)$/m.exec(rights)!;
    await redis.command('ACL', 'SETUSER', 'multiproc', ...rule!.replace('>PASSWORD', '>secret').split(' '));
    const url = await tcpOf(redis, 'multiproc', 'secret');
    const stage = stages.at(url, 'acl', SHORT);
    const lost = await stage.host({ args: ['--label', 'lost'] });
    const pool = stage.pool();
    const [file, go] = [stage.file('runs'), stage.file('go')];
    // A busy machine may have the host end the task in between, since it could not renew its lease.
    const again = pool.apply(noting, [file, go], { retries: 100 });
    await until(() => linesOf(file).length === 1);
    const agent = Number(linesOf(file)[0]!.split(' ')[1]);
    process.kill(agent, 'SIGKILL');
    await stage.host();
    appendFileSync(go, '');
    assert.equal(typeof (await again), 'number');
    await using cluster = stage.clusterOf({ lease: LEASE });
    const lock = cluster.lock();
    await lock.acquire();
    await lock.release();
    const queue = cluster.queue<number>();
    await queue.put(1);
    assert.equal(await queue.get(), 1);
    const event = cluster.event({ name: 'e' });
    await event.set();
    assert.equal(await cluster.delete('e'), true);
    // It may have said that it lives after it had renewed its claim for the last time.
    await until(async () => !(await cluster.hosts()).some(({ id }) => id === lost.id));
    await assert.rejects(
      stage
        .clusterOf({ url: await tcpOf(redis, 'multiproc', 'wrong'), connectTimeout: 500 })
        .queue()
        .put(1),
      ClusterError,
    );
  });

  test('with rediss:// tasks and objects go through TLS; a certificate that nobody vouches for is refused', async () => {
    const folder = (await stages.of('tls')).folder;
    const [cert, keyFile, port] = [`${folder}/cert.pem`, `${folder}/key.pem`, ...(await freePorts(1))];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', cert, '-days', '2', ...subject],
      { stdio: 'ignore' },
    );
    const files = ['--tls-cert-file', cert, '--tls-key-file', keyFile, '--tls-ca-cert-file', cert];
    await stages.newServer('--tls-port', String(port), ...files, '--tls-auth-clients', 'no');
    const url = `rediss://127.0.0.1:${port}`;
    const stage = stages.at(url, 'tls');
    await stage.host({ env: { NODE_EXTRA_CA_CERTS: cert } });
    const tls = { ca: readFileSync(cert) };
    assert.equal(await stage.pool({ cluster: { tls } }).apply((x: number) => x + 1, [1]), 2);
    await using cluster = stage.clusterOf({ tls });
    const queue = cluster.queue<string>();
    await queue.put('through TLS');
    assert.equal(await queue.get(), 'through TLS');
    await assert.rejects(
      startWorker({ ...stage.cluster, connectTimeout: 1000 }),
      (error: unknown) => error instanceof ClusterError && /self-signed certificate/.test(error.message),
    );
  });
});

/** Has the server listen on a port, too. */
async function tcpOf(redis: RedisServer, user: string, password: string): Promise<string> {
  const portOf = async () => Number((await redis.list('CONFIG', 'GET', 'port'))[1]);
  // It answers with an error if another program has the port by now.
  while ((await portOf()) === 0) await redis.command('CONFIG', 'SET', 'port', String((await freePorts(1))[0]));
  return `redis://${user}:${password}@127.0.0.1:${await portOf()}`;
}
