import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';

/** Two machines, as far as the network goes: namespaces of their own, and a cable between them. */
const [here, there] = [`mp-a-${process.pid}`, `mp-b-${process.pid}`];
const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

function reasonAgainst(): string | false {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  try {
    ip('netns', 'add', `mp-probe-${process.pid}`);
    ip('netns', 'del', `mp-probe-${process.pid}`);
    return false;
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message}`;
  }
}

function build(): void {
  for (const name of [here, there]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', here, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', there);
  for (const [name, address] of [
    [here, '10.77.0.1/24'],
    [there, '10.77.0.2/24'],
  ] as const) {
    ip('-n', name, 'addr', 'add', address, 'dev', 'cable');
    ip('-n', name, 'link', 'set', 'cable', 'up');
  }
}

function tearDown(): void {
  for (const name of [here, there]) {
    try {
      ip('netns', 'del', name);
    } catch {
      // It was not made.
    }
  }
}

/** Runs a fixture in a namespace; `said` comes true with the first line that begins so. */
function run(namespace: string, fixture: string, ...args: string[]) {
  const program = resolve(`build/test/managers/fixtures/${fixture}.js`);
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  const ended = new Promise<{ stdout: string; code: number | null }>((done) =>
    child.once('close', (code) => done({ stdout, code })),
  );
  const said = (word: string) =>
    new Promise<string>((found) => {
      const look = () => {
        const line = stdout.split('\n').find((each) => each.startsWith(word));
        if (line !== undefined) found(line.slice(word.length));
      };
      child.stdout!.on('data', look);
      look();
    });
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return { child, ended, said };
}

test('two programs on two machines share a queue, a lock and a dict', { skip: reasonAgainst() }, async () => {
  build();
  const key = 'the key of both machines';
  const server = run(here, 'serve', '10.77.0.1:0', key);
  try {
    const address = JSON.parse(await server.said('address ')) as string;
    assert.match(address, /^10\.77\.0\.1:\d+$/);
    // Nobody else gets in, not even from here: this is another network.
    const producer = await run(there, 'produce', address, key).ended;
    assert.deepEqual(producer, { stdout: 'locked true\nreleased\n', code: 0 });
    const consumer = await run(there, 'client', address, key, 'consume').ended;
    assert.deepEqual(consumer, { stdout: 'item 1\nitem "two"\n', code: 0 });
    const counted = await run(there, 'client', address, key, 'count in a pool').ended;
    assert.equal(counted.code, 0);
    assert.match(counted.stdout, /^counted /);
    const wrong = run(there, 'produce', address, 'another key');
    assert.match(await wrong.said('refused '), /ERR_AUTHENTICATION/);
    await wrong.ended;
  } finally {
    server.child.kill('SIGKILL');
    await server.ended;
    tearDown();
  }
});
