import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { fixture, run } from './program.ts';

const MEGABYTE = 2 ** 20;

test('all that a process has printed is there when join resolves, in a pipe', async () => {
  const { stdout } = await run(fixture('output-order'));
  assert.equal(stdout, 'A1 A2 main B1 B2 main \n');
});

test('output that parent and child write to one file is complete, too', () => {
  const folder = folderWith();
  const { status } = spawnSync('sh', ['-c', `"$0" "$1" > ${folder}/out`, process.execPath, fixture('output-order')]);
  assert.equal(status, 0);
  assert.equal(readFileSync(`${folder}/out`, 'utf8'), 'A1 A2 main B1 B2 main \n');
});

test('a megabyte to a pipe with a slow reader is complete, and what the parent says after the join comes behind it', () => {
  const slow = 'sleep 0.3; cat';
  const { stdout } = spawnSync('sh', ['-c', `"$0" "$1" | (${slow})`, process.execPath, fixture('output-big')], {
    maxBuffer: 4 * MEGABYTE,
    encoding: 'utf8',
  });
  assert.equal(stdout.length, MEGABYTE + 'end\n'.length);
  assert.ok(stdout.endsWith('xend\n'));
});

test('a stack of a megabyte on standard error is complete', () => {
  const { stderr } = spawnSync(
    'sh',
    ['-c', '("$0" "$1" 2>&1 >/dev/null) | (sleep 0.3; cat) >&2', process.execPath, fixture('output-big-error')],
    { maxBuffer: 4 * MEGABYTE, encoding: 'utf8' },
  );
  assert.equal(stderr.match(/x+\n/)?.[0].length, MEGABYTE + 1);
});

for (const end of ['output-exit', 'output-of-worker', 'output-of-idle-worker']) {
  test(`a megabyte before the end of a process that does not wait for it (${end}) is complete, in a slow pipe and in a slow socket`, async () => {
    const pipe = spawnSync('sh', ['-c', '"$0" "$1" | (sleep 0.3; cat)', process.execPath, fixture(end)], {
      maxBuffer: 4 * MEGABYTE,
      encoding: 'utf8',
    });
    assert.equal(pipe.stdout.match(/x+y/)?.[0].length, MEGABYTE);
    const { stdout } = await run(fixture(end), { readAfter: 300 });
    assert.equal(stdout.match(/x+y/)?.[0].length, MEGABYTE);
  });
}

test('standard input of a process is empty, and the parent’s stays untouched', async () => {
  const { stdout } = await run(fixture('input'), { input: 'typed' });
  assert.equal(stdout, 'child read ""\nmain read "typed"\n');
});

for (const closed of ['>&-', '2>&-', '>&- 2>&-', '<&- >&- 2>&-']) {
  test(`a program whose standard streams are closed (${closed})`, () => {
    const folder = folderWith();
    const command = `"$0" "$1" ${folder}/result ${closed}`;
    const { status } = spawnSync('sh', ['-c', command, process.execPath, fixture('to-file')]);
    assert.equal(status, 0);
    assert.equal(readFileSync(`${folder}/result`, 'utf8'), 'exit code 0');
  });
}

test('a reader that goes away does not hang the program', () => {
  const { status } = spawnSync('sh', ['-c', '"$0" "$1" | head -c 10', process.execPath, fixture('output-big')]);
  assert.equal(status, 0);
});
