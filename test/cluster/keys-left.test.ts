// No key stays for ever, whenever a process dies that has written one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Redis } from '#dist/cluster/redis.js';
import { readSettings } from '#dist/cluster/settings.js';
import { removePool } from '#dist/cluster/tasks/remove-pool.js';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { childrenOf, Stage, until } from './stage.ts';

test('a host that was stopped while a pool ended, and dies as soon as it goes on, leaves no key of it', {
  skip,
  timeout: 60_000,
}, async () => {
  const redis = await new RedisServer().start();
  const stage = new Stage(redis.url, 'default', 1500);
  const watcher = connect(redis.socket);
  try {
    const [stopped] = await Promise.all([stage.host(), stage.host()]);
    const agent = childrenOf(stopped.child.pid!)[0]!;
    const cluster = { url: redis.url, key, lease: 1500 };
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify(cluster)} });
      Promise.all([1, 2, 3, 4].map((n) => pool.apply((x) => x, [n]))).then(() => console.log('done'));`;
    const program = stage.keep(spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] }));
    await once(program.stdout!, 'data');
    process.kill(agent, 'SIGSTOP');
    program.kill('SIGKILL');
    const ofPools = () => redis.list('KEYS', 'mp:*{p:*');
    await until(async () => (await ofPools()).length === 0);
    await redis.command('CONFIG', 'SET', 'notify-keyspace-events', 'KA');
    watcher.write('PSUBSCRIBE __keyspace@0__:mp:default:{p:*\r\n');
    await once(watcher, 'data');
    const written = once(watcher, 'data');
    process.kill(agent, 'SIGCONT');
    // Going on, it looks for stalled jobs first, and removes what that wrote a few milliseconds later.
    await written;
    process.kill(agent, 'SIGKILL');
    await until(async () => (await ofPools()).length === 0);
  } finally {
    watcher.destroy();
    await stage.end();
    await redis.remove();
  }
});

test('a pool whose program is back is not removed by a host that took it for dead', {
  skip,
  timeout: 60_000,
}, async () => {
  const server = await new RedisServer().start();
  const redis = new Redis(
    readSettings({ url: server.url, key }).place,
    'news',
    () => {},
    () => {},
  );
  try {
    await redis.opened();
    for (const suffix of ['o', 'f', 't']) await server.command('HSET', `mp:default:{p:x}:${suffix}`, 'a', '1');
    await server.command('SADD', 'mp:default:pools', 'x');
    await removePool(redis, 'default', 'x');
    assert.equal((await server.list('KEYS', 'mp:*')).length, 4);
    await server.command('DEL', 'mp:default:{p:x}:o');
    await removePool(redis, 'default', 'x');
    assert.equal((await server.list('KEYS', 'mp:*')).length, 0);
  } finally {
    await redis.close();
    await server.remove();
  }
});
