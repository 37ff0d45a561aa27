// The result of a task that runs alone goes before its job is completed. So the program may have ended its pool, and with it the job, before that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JobSource } from '#dist/cluster/agent/job-source.js';
import { Redis } from '#dist/cluster/redis.js';
import { readSettings } from '#dist/cluster/settings.js';
import { taskKeys } from '#dist/cluster/tasks/task-keys.js';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

const LEASE = 2000;

describe('jobs that are gone', { skip, timeout: 60_000 }, () => {
  test('a job that is gone with its pool counts as completed', async () => {
    const server = await new RedisServer().start();
    const redis = new Redis(
      readSettings({ url: server.url, key }).place,
      'news',
      () => {},
      () => {},
    );
    const jobs = new JobSource(redis, taskKeys('test', 'gone'), LEASE, () => {});
    try {
      await redis.opened();
      await jobs.complete('j1-1-1', 'a token');
      assert.equal(await server.command('KEYS', 'mp:test:*'), '*0');
    } finally {
      await jobs.close();
      await redis.close();
      await server.remove();
    }
  });
});
