// Compiles and runs every `@example` of the doc comments in src/: each is a complete program that checks itself.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url));

// Inside the package, so that `import 'multiproc'` means the compiled package itself; tests of other Nodes may run beside this one.
const folder = `${root}build/doc-examples/${process.pid}/`;

interface Example {
  /** Where it stands, as editors open it: `src/queue/queue.ts:26`. */
  readonly place: string;
  readonly code: string;
}

/** The ```ts blocks after an `@example` in the doc comments of a source. */
function examplesOf(source: string, file: string): Example[] {
  const examples: Example[] = [];
  let place = '';
  let code: string[] | undefined;
  for (const [index, line] of source.split('\n').entries()) {
    const text = /^\s*\* ?(.*)$/.exec(line)?.[1]?.replace(/\*\/$/, '');
    if (code !== undefined) {
      if (text === undefined) throw new Error(`${place}: the example is not closed with three backticks`);
      if (text.startsWith('```')) {
        examples.push({ place, code: code.join('\n') });
        code = undefined;
        place = '';
      } else {
        code.push(text);
      }
    } else if (text === undefined || text.startsWith('@')) {
      place = text?.startsWith('@example') ? `${file}:${index + 1}` : '';
    } else if (text === '```ts' && place !== '') {
      code = [];
    }
  }
  return examples;
}

const examples = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .flatMap((name) => examplesOf(readFileSync(`${root}src/${name}`, 'utf8'), `src/${name}`));

test('the examples of a source are found, with their places', () => {
  const source = [
    '/**',
    ' * Does it.',
    ' * ```ts',
    ' * notAnExample();',
    ' * ```',
    ' * @example',
    ' * In words first.',
    ' * ```ts',
    ' * one();',
    ' *',
    ' *   two();',
    ' * ```',
    ' * @example',
    ' * ```ts',
    ' * three();',
    ' * ```',
    ' */',
    'export class A {',
    '  /**',
    '   * @example',
    '   * ```ts',
    '   * four();',
    '   * ```',
    '   */',
    '  b() {}',
  ].join('\n');
  assert.deepEqual(examplesOf(source, 'a.ts'), [
    { place: 'a.ts:6', code: 'one();\n\n  two();' },
    { place: 'a.ts:13', code: 'three();' },
    { place: 'a.ts:20', code: 'four();' },
  ]);
});

const name = ({ place }: Example): string => place.replace(/[^\w-]+/g, '-');

describe('the examples in the doc comments', { concurrency: 2 }, () => {
  mkdirSync(folder, { recursive: true });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const example of examples) writeFileSync(`${folder}${name(example)}.mts`, example.code);
  writeFileSync(
    `${folder}tsconfig.json`,
    JSON.stringify({
      extends: `${root}tsconfig.base.json`,
      compilerOptions: { rootDir: '.', outDir: '.', sourceMap: false },
      include: ['*.mts'],
      exclude: [], // by default the folder that is written to
    }),
  );
  const tsc = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', folder], { encoding: 'utf8' });

  test('compile under the strictest settings', () => {
    assert.equal(tsc.stdout, '');
    assert.equal(tsc.status, 0);
  });

  for (const example of examples) {
    test(example.place, { timeout: 120_000 }, async () => {
      assert.match(example.code, /from 'multiproc(\/[\w-]+)?'/, 'an example imports what it shows, as a user does');
      assert.match(example.code, /from 'node:assert(\/strict)?'/, 'an example checks with node:assert what it says');
      // A promise that nothing settles ends a program with 13, so an example cannot pass by stopping half-way.
      const { stderr } = await promisify(execFile)(process.execPath, [`${folder}${name(example)}.mjs`], { cwd: root });
      assert.equal(stderr, '');
    });
  }
});
