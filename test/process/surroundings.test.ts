import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inheritedExecArgv } from '#dist/process/exec-arguments.js';
import { folderWith } from '../folder.ts';
import { fixture, run } from './program.ts';

const folder = folderWith();

describe('what a process inherits', () => {
  test('a process inherits the environment and the directory of the moment of its start, spares or not', async () => {
    const { stdout, stderr } = await run(fixture('changing-surroundings'), { env: { FIRST: '1' }, cwd: folder });
    assert.deepEqual(
      stdout.trim().split('\n'),
      [
        `1 undefined undefined ${folder}`,
        `1 two undefined ${folder}`,
        'undefined two undefined /',
        'undefined two 3 /',
        'undefined changed undefined /',
      ],
      stderr,
    );
  });

  test('env adds to the environment, and wins', async () => {
    const { stdout } = await run(fixture('env-option'), { env: { KEPT: 'kept', CHANGED: 'before' } });
    assert.equal(stdout, 'kept after added \nkept before undefined\n');
  });

  test('a process inherits the directory, even one that has been removed', async () => {
    const gone = `${folder}/gone`;
    mkdirSync(gone);
    const { stdout, stderr } = await run(fixture('removed-directory'), { cwd: gone });
    assert.equal(stdout, '0\n', stderr);
  });

  test('a start in a directory that a process may not enter fails with what is known, and changes nothing', async () => {
    const { stdout, stderr } = await run(fixture('start-fails'));
    assert.equal(stdout, 'ProcessError ERR_PROCESS true\nundefined false 0 0\n0\n', stderr);
    assert.match(stderr, /ENOENT|E2BIG/);
  });
});

describe('options of node', () => {
  const flags: [string[], string[]][] = [
    [
      ['--max-old-space-size=64', '--stack-trace-limit', '5'],
      ['--max-old-space-size=64', '--stack-trace-limit', '5'],
    ],
    [
      ['-C', 'a', '--conditions=b'],
      ['-C', 'a', '--conditions=b'],
    ],
    [['-e', 'code', '--no-warnings'], ['--no-warnings']],
    [['-pe', 'code'], []],
    [['--eval=code', '--input-type=module'], []],
    [['--input-type', 'module', '-p', 'code', '-i'], []],
    [['--test', '--test-name-pattern', 'x', '--test-concurrency=1'], []],
    [['--watch', '--watch-path', 'src', '--watch-preserve-output'], []],
    [
      ['--inspect', '--inspect-port', '0', '--inspect-brk=127.0.0.1:9229'],
      ['--inspect=0', '--inspect=127.0.0.1:0'],
    ],
    [['--env-file', '.env', '--env-file-if-exists=.env'], []],
    [['--run', 'start', '--entry-url', '--check', '-c'], []],
    [
      ['--import', 'tsx', '--require=x', '-r', '/a/b.js'],
      ['--import', 'tsx', '--require=x', '-r', '/a/b.js'],
    ],
    [
      ['--import', './a.mjs', '--loader=../b.mjs'],
      ['--import', 'file:///from/here/a.mjs', '--loader=file:///from/b.mjs'],
    ],
    [
      ['-r', './a.cjs', '--require=../b.cjs'],
      ['-r', '/from/here/a.cjs', '--require=/from/b.cjs'],
    ],
    [
      ['--expose-gc', '--title=t', '--enable-source-maps'],
      ['--expose-gc', '--title=t', '--enable-source-maps'],
    ],
  ];
  for (const [given, kept] of flags) {
    test(`options of node: ${given.join(' ')} → ${kept.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(inheritedExecArgv(given, '/from/here'), kept);
    });
  }

  test('options of node hold in children and grandchildren', async () => {
    const execArgv = ['--max-old-space-size=300', '--conditions=special', '--expose-gc', '--no-deprecation'];
    const { stdout, stderr } = await run(fixture('flags'), { execArgv });
    const line = `${JSON.stringify(execArgv)} function true`;
    assert.equal(stdout, `${line}\n${line}\n`, stderr);
  });

  test('a relative --import means the same after the program has changed its directory', async () => {
    writeFileSync(`${folder}/mark.mjs`, 'globalThis.marked = true;');
    const { stdout, stderr } = await run(fixture('import-mark'), { execArgv: ['--import', './mark.mjs'], cwd: folder });
    assert.equal(stdout, 'main true\nchild true\n', stderr);
  });

  test('a debugger finds each process at a port of its own', async () => {
    const inEnv = [{ execArgv: ['--inspect=0'] }, { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } }];
    for (const [i, options] of inEnv.entries()) {
      const { stdout, stderr } = await run(fixture('flags'), options);
      const line = `${i === 0 ? '["--inspect=0"]' : '[]'} undefined undefined\n`;
      assert.equal(stdout, line + line, stderr);
      const ports = stderr.match(/Debugger listening on \S+/g) ?? [];
      assert.ok(ports.length >= 3 && new Set(ports).size === ports.length, stderr);
      assert.doesNotMatch(stderr, /address already in use/);
    }
  });

  test('a relative module in NODE_OPTIONS means the same after the program has changed its directory', async () => {
    writeFileSync(`${folder}/mark.mjs`, 'globalThis.marked = true;');
    const { stdout, stderr } = await run(fixture('import-mark'), {
      env: { NODE_OPTIONS: '--no-warnings --import ./mark.mjs' },
      cwd: folder,
    });
    assert.equal(stdout, 'main true\nchild true\n', stderr);
  });

  test('a relative module in NODE_OPTIONS means the same if the directory has changed before the library is loaded, whatever its name', async () => {
    const cwd = `${folder}/a #b%20c`;
    mkdirSync(cwd);
    writeFileSync(`${cwd}/the mark.mjs`, 'globalThis.marked = true;');
    writeFileSync(`${cwd}/no mark.cjs`, 'globalThis.required = true;');
    writeFileSync(`${cwd}/leave.mjs`, "process.chdir('/'); if (!required) throw new Error('it was not required');");
    const NODE_OPTIONS =
      '--require "./no mark.cjs" --import "./the%20mark.mjs" --import=./leave.mjs --title="a \\"title\\""';
    // As a shell sets it.
    const { stdout, stderr } = await run(fixture('import-mark'), { env: { NODE_OPTIONS, PWD: cwd }, cwd });
    assert.equal(stdout, 'main true\nchild true\n', stderr);
  });

  for (const [where, bin] of [
    ['in a folder above the program', 'bin/deep'],
    ['nowhere', '../elsewhere'],
  ] as const) {
    test(`a module in NODE_OPTIONS that is found ${where} is loaded, since the directory has changed and no shell tells it`, async () => {
      const cwd = `${folder}/above ${where}`;
      const program = `${cwd}/${bin}/main.mjs`;
      mkdirSync(`${cwd}/${bin}`, { recursive: true });
      writeFileSync(`${cwd}/mark.mjs`, 'globalThis.marked = true;');
      writeFileSync(`${cwd}/leave.mjs`, "process.chdir('/');");
      writeFileSync(program, `await import(${JSON.stringify(pathToFileURL(fixture('import-mark')).href)});`);
      const NODE_OPTIONS = '--import ./mark.mjs --import=./leave.mjs';
      const { stdout, stderr } = await run(program, { env: { NODE_OPTIONS, PWD: '/' }, cwd });
      assert.equal(stdout, where === 'nowhere' ? 'main true\n' : 'main true\nchild true\n', stderr);
      if (where === 'nowhere') assert.match(stderr, /Cannot find module '\/(mark|leave)\.mjs'/);
    });
  }

  test('the options of NODE_OPTIONS come by the environment', async () => {
    const { stdout, stderr } = await run(fixture('flags'), { env: { NODE_OPTIONS: '--expose-gc' } });
    assert.equal(stdout, '[] function undefined\n[] function undefined\n', stderr);
  });

  test('processes start in a test file under node --test', async () => {
    const { stdout, code } = await run('', {
      execArgv: ['--test', '--test-name-pattern', 'starts', fixture('under-node-test')],
    });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /pass 1\b/);
  });

  test('a profile is written by children too, since they end in Node’s own way then', async () => {
    const { stdout, stderr } = await run(fixture('profile'), {
      execArgv: ['--cpu-prof', `--cpu-prof-dir=${folder}/prof`],
    });
    assert.equal(stdout, '0 2\n', stderr);
  });
});
