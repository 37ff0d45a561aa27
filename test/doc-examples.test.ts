// Compiles and runs every `@example` of the doc comments in src/, and every ```ts block of the pages: each is a complete program
// that checks itself, or (on a page) is followed by a ```text block with what it prints.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
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
  /** What it prints, where that is shown. */
  readonly output?: string;
}

/** The ```ts blocks after an `@example` in the doc comments of a source. */
function examplesOf(source: string, file: string): Example[] {
  const examples: Example[] = [];
  let place = '';
  let code: string[] | undefined;
  let isFenced = false;
  const close = () => {
    examples.push({ place, code: code!.join('\n') });
    code = undefined;
    place = '';
  };
  for (const [index, line] of source.split('\n').entries()) {
    const text = /^\s*\* ?(.*)$/.exec(line)?.[1]?.replace(/\*\/$/, '');
    if (code !== undefined && isFenced) {
      if (text === undefined) throw new Error(`${place}: the example is not closed with three backticks`);
      if (text.startsWith('```')) close();
      else code.push(text);
      continue;
    }
    // Without backticks it goes on to the next tag, or to the end of the comment.
    if (code !== undefined && text !== '/' && text?.startsWith('@') === false) {
      code.push(text);
      continue;
    }
    if (code !== undefined) close();
    if (text === undefined || text.startsWith('@')) {
      place = text?.startsWith('@example') ? `${file}:${index + 1}` : '';
    } else if (place !== '' && (text === '```ts' || text.startsWith('import '))) {
      isFenced = text === '```ts';
      code = isFenced ? [] : [text];
    }
  }
  return examples;
}

/** The ```ts blocks of a page, each with the ```text block that follows it. */
function programsOf(page: string, file: string): Example[] {
  const blocks = /^```ts\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```$)?/gm;
  return [...page.matchAll(blocks)].map(({ index, 1: code, 2: output }) => ({
    place: `${file}:${page.slice(0, index).split('\n').length}`,
    code: code!,
    ...(output === undefined ? {} : { output }),
  }));
}

function filesIn(folder: string, extension: string): string[] {
  const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(extension)).map((name) => `${folder}/${name}`);
}

const read = (file: string): string => readFileSync(root + file, 'utf8');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...filesIn('docs', '.md'),
  ...filesIn('src', '.md'),
].sort();
const examples = [
  ...filesIn('src', '.ts')
    .sort()
    .flatMap((file) => examplesOf(read(file), file)),
  ...pages.flatMap((file) => programsOf(read(file), file)),
];

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
    '  /**',
    '   * @example',
    "   * import 'five';",
    '   *',
    '   * @returns nothing',
    '   */',
  ].join('\n');
  assert.deepEqual(examplesOf(source, 'a.ts'), [
    { place: 'a.ts:6', code: 'one();\n\n  two();' },
    { place: 'a.ts:13', code: 'three();' },
    { place: 'a.ts:20', code: 'four();' },
    { place: 'a.ts:27', code: "import 'five';\n" },
  ]);
});

test('the programs of a page are found, with their places and outputs', () => {
  const page = [
    '# Title',
    '```sh',
    'npm start',
    '```',
    '```ts',
    'one();',
    '',
    'two();',
    '```',
    '',
    '```text',
    '1',
    '2',
    '```',
    'Words.',
    '```ts',
    'three();',
    '```',
    '',
    'Words.',
    '```text',
    'not its output',
    '```',
  ].join('\n');
  assert.deepEqual(programsOf(page, 'a.md'), [
    { place: 'a.md:5', code: 'one();\n\ntwo();\n', output: '1\n2\n' },
    { place: 'a.md:16', code: 'three();\n' },
  ]);
});

test('the links of the pages lead somewhere', () => {
  for (const page of pages) {
    for (const [, link] of read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)) {
      const target = posix.join(posix.dirname(page), link!);
      assert.ok(existsSync(root + target), `${page} links to ${link}`);
    }
  }
});

/** Sources whose example has nothing to check. */
const unchecked = ['src/process/spares.ts', 'src/sync/lock.ts'];

const name = ({ place }: Example): string => place.replace(/[^\w-]+/g, '-');

describe('the examples of the doc comments and pages', { concurrency: 2 }, () => {
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

  test('the examples of the doc comments and pages compile under the strictest settings', () => {
    assert.equal(tsc.stdout, '');
    assert.equal(tsc.status, 0);
  });

  for (const example of examples) {
    test(example.place, { timeout: 120_000 }, async () => {
      assert.match(example.code, /from 'multiproc(\/[\w-]+)?'/, 'an example imports what it shows, as a user does');
      if (example.output === undefined && !unchecked.includes(example.place.replace(/:\d+$/, ''))) {
        assert.match(example.code, /from 'node:assert(\/strict)?'/, 'an example checks with node:assert what it says');
      }
      // A promise that nothing settles ends a program with 13, so an example cannot pass by stopping half-way.
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${folder}${name(example)}.mjs`], {
        cwd: root,
      });
      assert.equal(stderr, '');
      if (example.output !== undefined) assert.equal(stdout, example.output);
    });
  }
});
