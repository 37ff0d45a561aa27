import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { runs, start, until } from '../process/program.ts';

const run = promisify(execFile);
const fixture = (name: string): string => resolve(`build/test/memory/fixtures/${name}.js`);
const preload = (name: string): string[] => ['--import', pathToFileURL(fixture(name)).href];
/** A user that has nothing. */
const NOBODY = 65534;
const forRoot = {
  skip: process.getuid?.() === 0 ? false : 'only root may set capabilities, become another user and unmount',
};

const folder = folderWith();

test('a machine that has been up for weeks has inode numbers of 32 bits: all are woken, and deaths are seen', async () => {
  const { stdout } = await start(fixture('woken-and-bereaved'), { execArgv: preload('large-inodes') }).ended;
  assert.equal(stdout, 'said: put 1\nwatches: true\nthen: acquired true\nerrands: 0\n');
});

test(
  'a machine that has been up for a year counts its ticks beyond 31 bits: all are woken, and deaths are seen',
  forRoot,
  async () => {
    const boottime = String(365 * 24 * 3600);
    const args = ['--time', '--boottime', boottime, process.execPath, fixture('woken-and-bereaved')];
    const { stdout } = await run('unshare', args, { timeout: 60_000 });
    assert.equal(stdout, 'said: put 1\nwatches: true\nthen: acquired true\nerrands: 0\n');
  },
);

for (const suite of process.env.TEST_LONG === undefined
  ? []
  : ['channel/across', 'channel/queue', 'sync/kills', 'sync/lock']) {
  test(`with inode numbers of 32 bits the tests of ${suite} pass`, async () => {
    const { code, stdout } = await start(resolve(`build/test/${suite}.test.js`), {
      execArgv: preload('large-inodes'),
      patience: 600,
    }).ended;
    assert.equal(code, 0, stdout);
  });
}

test(
  'an ordinary user of a Node with a capability, as for port 80: all are woken, and deaths are seen',
  forRoot,
  async () => {
    const node = `${folder}/node`;
    await run('cp', [process.execPath, node]);
    await run('chmod', ['755', folder, node]);
    await run('setcap', ['cap_net_bind_service+ep', node]);
    const { stdout } = await run(node, [fixture('woken-and-bereaved')], { uid: NOBODY, gid: NOBODY });
    assert.match(stdout, /^said: put 1\nwatches: true\nthen: acquired true\nerrands: \d+\n$/);
  },
);

test('a child that has become another user is woken, wakes others, and ends with its parent', forRoot, async () => {
  const program = start(fixture('several-users'));
  const pid = Number(await program.said('other user:'));
  assert.equal(await program.said('got:'), 'from root, from sibling');
  assert.equal(await program.said('sibling:'), 'from the other user');
  assert.ok(runs(pid));
  program.kill('SIGKILL');
  await program.ended;
  await until(() => !runs(pid));
});

for (const name of [process.execPath, basename(process.execPath)]) {
  test(`without /proc the first use says what is missing, in a Node that was started as ${name}`, forRoot, async () => {
    const code = `umount -l /proc && exec "$0" "$1"`;
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const ended = run('unshare', ['-m', 'sh', '-c', code, name, fixture('woken-and-bereaved')], { env });
    await assert.rejects(ended, /\/proc must be mounted/);
  });
}

test('with the /proc of another process namespace the first use says so', forRoot, async () => {
  const ended = run('unshare', ['--pid', '--fork', process.execPath, fixture('woken-and-bereaved')]);
  await assert.rejects(ended, /\/proc of this process is that of another process namespace.*--mount-proc/);
});

test('the first process of a container: all are woken, and deaths are seen', forRoot, async () => {
  const args = ['--pid', '--fork', '--mount-proc', process.execPath, fixture('woken-and-bereaved')];
  const { stdout } = await run('unshare', args);
  assert.match(stdout, /^said: put 1\nwatches: true\nthen: acquired true\nerrands: \d+\n$/);
});
