/** The same programs, started in all the ways in which Node starts one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { expectedOf, fixtures, linesOf, runFixture } from './run-fixture.ts';

// Beside the fixtures, so that what they import is found.
const scratch = mkdtempSync(join(fixtures, 'scratch-'));
after(() => rmSync(scratch, { recursive: true }));

const text = (file: string) => readFileSync(join(fixtures, file), 'utf8');

test('tsx runs TypeScript as an ES module', () => {
  for (const name of ['typescript.ts', 'live-imports.ts']) runFixture(name, ['--import', 'tsx', name]);
});

test('tsx runs TypeScript as CommonJS', () => {
  writeFileSync(
    join(scratch, 'package.json'),
    '{ "type": "commonjs", "imports": { "#dist/*": "../../../../dist/*" } }',
  );
  for (const name of ['typescript.ts', 'tasks.ts', 'live-imports.ts', 'counting.ts', 'in-child.mjs', 'receiver.mjs']) {
    copyFileSync(join(fixtures, name), join(scratch, name));
  }
  writeFileSync(join(scratch, 'in-child.mjs'), "export * from '../in-child.mjs';");
  for (const name of ['typescript.ts', 'live-imports.ts']) {
    runFixture(name, ['--import', 'tsx', join(scratch, name)]);
  }
});

test('tsx: stack traces show the TypeScript source', () => {
  const options = { encoding: 'utf8', cwd: fixtures } as const;
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'typescript-stack.ts'], options);
  assert.match(stdout, /^threw Error: boom\n.*fail.*typescript-stack\.ts:5:9\)?\n.*typescript-stack\.ts:7:\d+\)?\n/);
});

test('stack traces show the TypeScript source, whatever the name of its folder', () => {
  const folder = join(scratch, `a "folder" with 'marks'`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'in-child.mjs'), "export * from '../../in-child.mjs';");
  copyFileSync(join(fixtures, 'typescript-stack.ts'), join(folder, 'typescript-stack.ts'));
  const stack = (options = '') => {
    const env = { ...process.env, NODE_OPTIONS: options };
    return spawnSync(process.execPath, ['--import', 'tsx', 'typescript-stack.ts'], {
      encoding: 'utf8',
      cwd: folder,
      env,
    });
  };
  assert.match(stack().stdout, /^threw Error: boom\n.*fail.*'marks'\/typescript-stack\.ts:5:9\)?\n/);
  // Without the map, where Node may not evaluate text.
  const { stdout, stderr } = stack('--disallow-code-generation-from-strings');
  assert.match(stdout, /^threw Error: boom\n.*fail.*typescript-stack\.ts/, stderr);
});

test('functions can be sent from TypeScript whose types Node strips', {
  skip: 'typescript' in process.features && process.features.typescript ? false : 'this Node has none',
}, () => {
  for (const name of ['typescript.ts', 'live-imports.ts']) runFixture(name);
});

test('functions can be sent from node -e', () => {
  const es5 = text('es5.cjs');
  runFixture('es5.cjs', ['-e', es5]);
});

test('functions can be sent from node --input-type=module -e', () => {
  runFixture('closures.mjs', ['--input-type=module', '-e', text('closures.mjs')]);
});

test('functions can be sent from standard input', () => {
  runFixture('es5.cjs', ['-'], text('es5.cjs'));
});

test('functions can be sent from the REPL', () => {
  const lines = [
    `const { inChild } = require('./in-child.mjs'); const five = 5;`,
    'var seven = 7; let n = 1; function helper() { return five + seven }',
    'inChild(() => [helper(), ++n, n])',
  ];
  const { stdout } = spawnSync(process.execPath, ['-i'], { encoding: 'utf8', cwd: fixtures, input: lines.join('\n') });
  assert.match(stdout, /^> \[12,2,2\]$/m);
});

for (const entry of ['by-link.mjs', 'without-extension']) {
  test(`the entry script is never run again: ${entry}`, () => {
    const file = join(scratch, entry);
    if (entry === 'by-link.mjs') symlinkSync(join(fixtures, 'entry.mjs'), file);
    else writeFileSync(`${file}.js`, text('es5.cjs').replace('./in-child', '../in-child'));
    runFixture(entry === 'by-link.mjs' ? 'entry.mjs' : 'es5.cjs', [file]);
  });
}

test('functions can be sent from a worker thread', () => {
  const start = `new (require('node:worker_threads').Worker)('./entry.mjs')`;
  runFixture('entry.mjs', ['-e', start]);
});

test('functions can be sent while another inspector is attached', () => {
  runFixture('closures.mjs', ['--inspect=0', 'closures.mjs']);
});

test('after a signal to itself, by which Node ends the inspector, a process says why it cannot send a function', () => {
  const lines = [
    `const { Queue } = await import('multiproc');`,
    `new Queue().putSync(() => Queue);`,
    `process.kill(process.pid, 'SIGCONT');`,
    `try { new Queue().putSync(() => Queue) } catch (error) { console.log(error.code, error.message) }`,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', lines.join('\n')], {
    encoding: 'utf8',
  });
  assert.match(stdout, /^ERR_SERIALIZATION .*Node has ended V8's inspector in this process/, stderr);
});

for (const format of ['esm', 'cjs']) {
  for (const options of [[], ['--minify'], ['--minify', '--keep-names', '--target=es2017']]) {
    test(`functions can be sent from a program bundled by esbuild: ${[format, ...options].join(' ')}`, () =>
      bundled(format, options));
  }
}

function bundled(format: string, options: readonly string[]): void {
  const file = join(scratch, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
  const build = ['bundled.mjs', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`, ...options];
  writeFileSync(join(scratch, 'in-child.mjs'), "export * from '../in-child.mjs';");
  const external = ['--external:./in-child.mjs', '--log-level=error'];
  const esbuild = spawnSync(resolve('node_modules/.bin/esbuild'), [...build, ...external], {
    cwd: fixtures,
    encoding: 'utf8',
  });
  assert.equal(esbuild.stderr, '');
  const env = { ...process.env, TEST_RECEIVER: join(fixtures, 'receiver.mjs') };
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', env });
  const expected = expectedOf(text('bundled.mjs'));
  assert.deepEqual(linesOf(stdout, expected), expected, stderr);
}
