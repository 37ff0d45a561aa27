// `npx multiproc doctor`, as a user starts it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

function doctor(options: readonly string[], platform: string) {
  return spawnSync(process.execPath, [...options, cli, 'doctor'], {
    env: { ...process.env, MULTIPROC_PLATFORM: platform },
    encoding: 'utf8',
    timeout: 30_000,
  });
}

describe('multiproc doctor prints one line', () => {
  const here = `on ${process.platform} ${process.arch} with Node ${process.versions.node}`;

  test('multiproc doctor prints one line with processes, where they work', () => {
    const { status, stdout, stderr } = doctor([], '');
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(stdout, `The platform is linux, ${here}: processes and threads.\n`);
  });

  test('multiproc doctor prints one line with the reason, where only threads work', () => {
    const { status, stdout, stderr } = doctor(['--no-addons'], '');
    assert.deepEqual([status, stderr], [0, '']);
    const [line, ...rest] = stdout.split('\n');
    assert.deepEqual(rest, ['']);
    assert.ok(line!.startsWith(`The platform is portable, ${here}: threads of one program, no processes: `), line);
    assert.match(line!, /start node with --allow-addons/);
  });

  test('multiproc doctor prints one line and fails, where the environment asks for what does not work', () => {
    const { status, stdout, stderr } = doctor(['--no-addons'], 'native');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^multiproc doctor: .*--allow-addons/);
  });
});
