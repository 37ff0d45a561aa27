// The commands that the pages show: what they name exists.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RedisServer, skip } from '../cluster/redis-server.ts';
import { cli } from '../cluster/stage.ts';

const docs = fileURLToPath(
  new URL(import.meta.url.includes('/build/test/') ? '../../../docs/' : '../../docs/', import.meta.url),
);
const page = readFileSync(`${docs}cluster.md`, 'utf8');

/** The options of each command, as the usage names them. */
function known(): Map<string, Set<string>> {
  const usage = execFileSync(process.execPath, [cli, '--help'], { encoding: 'utf8' });
  const found = new Map<string, Set<string>>();
  for (const part of usage.split('npx multiproc ').slice(1)) {
    const text = part.split('\n\n')[0]!;
    found.set(/^\w+/.exec(text)![0], new Set(text.match(/--[a-z-]+/g) ?? []));
  }
  return found;
}

const flows = [...page.matchAll(/^ {4}command: (\[.*\])$/gm)].map(([, list]) => JSON.parse(list!) as string[]);

test('every command that a page shows has the options that it shows', () => {
  const all = known();
  const lines = readdirSync(docs)
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => readFileSync(docs + name, 'utf8').split('\n'))
    .flatMap((line) => [...line.matchAll(/npx multiproc (\w+)([^`#]*)/g)]);
  const shown = [...lines.map(([, command, rest]) => [command!, rest!] as const)];
  for (const [first, second, command, ...rest] of flows) {
    if (first === 'npx') {
      assert.equal(second, 'multiproc');
      shown.push([command!, rest.join(' ')]);
    }
  }
  assert.ok(shown.length > 10, String(shown.length));
  for (const [command, rest] of shown) {
    assert.ok(all.has(command), command);
    for (const option of rest.match(/--[a-z-]+/g) ?? [])
      assert.ok(all.get(command)!.has(option), `${command} ${option}`);
  }
});

test('the server of the compose file starts with the options that it has there', {
  skip,
  timeout: 30_000,
}, async () => {
  const server = flows.find(([program]) => program === 'valkey-server')!;
  const redis = await new RedisServer(...server.slice(1)).start();
  assert.deepEqual((await redis.list('CONFIG', 'GET', 'maxmemory-policy')).map(String).at(-1), 'noeviction');
  assert.deepEqual((await redis.list('CONFIG', 'GET', 'appendonly')).map(String).at(-1), 'yes');
  await redis.remove();
});
