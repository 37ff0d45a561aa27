// `npx multiproc serve`, as a user starts it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../cluster/free-ports.ts';
import { skip } from '../cluster/redis-server.ts';
import { folderWith } from '../folder.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

describe('multiproc serve', { skip, timeout: 60_000 }, () => {
  const folder = folderWith();

  async function start(port: number): Promise<{ child: ChildProcess; line: string }> {
    const child = spawn(process.execPath, [cli, 'serve', '--port', String(port), '--dir', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return { child, line };
  }

  /** Runs a program with the variables of the printed line. */
  function run(line: string, code: string): string {
    const env = {
      ...process.env,
      ...Object.fromEntries(
        line
          .split(' ')
          .flatMap((word) =>
            word.includes('=') ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]] : [],
          ),
      ),
    };
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8', timeout: 30_000 });
    assert.equal(stderr, '');
    return stdout.trim();
  }

  test('what multiproc serve prints starts a program; key and items outlive the server; only this user reads them', async () => {
    const [port] = (await freePorts(1)) as [number];
    const first = await start(port);
    assert.match(first.line, /^MULTIPROC_CLUSTER=redis:\/\/:\S+@127\.0\.0\.1:\d+ MULTIPROC_KEY_FILE=\S+ node app\.js$/);
    const use = (what: string) => `const { Cluster } = require('multiproc/cluster');
      (async () => { await using_(new Cluster()); async function using_(c) { const q = c.queue(0, { name: 'q' }); ${what}; await c.shutdown(); } })();`;
    assert.equal(run(first.line, use("await q.put('kept'); console.log(await q.qsize())")), '1');
    for (const file of ['key', 'password', 'server.conf']) assert.equal(statSync(`${folder}/${file}`).mode & 0o077, 0);
    assert.match(readFileSync(`${folder}/server.conf`, 'utf8'), /^maxmemory-policy noeviction$/m);
    first.child.kill('SIGTERM');
    assert.deepEqual(await once(first.child, 'exit'), [0, null]);
    const second = await start(port);
    assert.equal(second.line, first.line);
    assert.equal(run(second.line, use('console.log(await q.get())')), 'kept');
    const taken = spawnSync(process.execPath, [cli, 'serve', '--port', String(port), '--dir', `${folder}/other`], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(taken.status, 1);
    assert.match(taken.stderr, /listens on port/);
    second.child.kill('SIGINT');
    assert.deepEqual(await once(second.child, 'exit'), [0, null]);
  });

  test('multiproc serve says what to install if there is no server, and which commands exist if one does not', () => {
    const none = spawnSync(process.execPath, [cli, 'serve'], { env: { PATH: folder }, encoding: 'utf8' });
    assert.equal(none.status, 1);
    assert.match(none.stderr, /neither valkey-server nor redis-server is installed.*apt-get install redis-server/);
    const wrong = spawnSync(process.execPath, [cli, 'sreve'], { encoding: 'utf8' });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /There is no command sreve/);
    assert.equal(spawnSync(process.execPath, [cli, '--help'], { encoding: 'utf8' }).status, 0);
  });
});
