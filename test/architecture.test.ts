// Holds the order of the layers: docs/architecture.md shows the same table, and says what each folder is for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url));

/** Each folder may import from those with a lower number, and from itself; never from a neighbour with the same one. The doors import anything. */
const layers: Readonly<Record<string, number>> = {
  contracts: 0,
  engine: 0,
  loading: 1,
  waits: 1,
  platform: 1,
  memory: 2,
  ring: 3,
  sync: 3,
  codec: 3,
  channel: 4,
  functions: 4,
  shared: 4,
  connection: 5,
  process: 5,
  pool: 6,
  managers: 7,
  cli: 8,
  cluster: 8,
  doors: 9,
};
const DOORS = 9;

/**
 * The folders that each folder imports. All of them are on lower lines, and most folders need few of them: a new name here is a decision.
 * The doors import anything.
 */
const imports: Readonly<Record<string, string>> = {
  contracts: '',
  engine: '',
  loading: 'contracts engine',
  waits: 'contracts engine',
  platform: 'contracts engine',
  memory: 'contracts engine loading platform waits',
  ring: 'memory',
  sync: 'contracts engine memory platform waits',
  codec: 'contracts engine',
  channel: 'codec contracts engine memory platform ring sync waits',
  functions: 'codec contracts engine loading memory ring',
  shared: 'codec contracts engine memory platform sync',
  connection: 'channel codec contracts engine memory platform sync waits',
  process: 'channel codec contracts engine functions loading memory platform ring sync waits',
  pool: 'channel codec connection contracts engine functions loading memory platform process ring sync waits',
  managers: 'channel codec connection contracts engine functions loading memory pool process queue sync waits',
  cli: 'engine platform',
  cluster: 'channel codec connection contracts engine functions loading managers memory pool process shared waits',
  queue: 'contracts waits',
  parts: 'engine',
};

/** Files that stand on another line than their folder. */
const single: Readonly<Record<string, number>> = {
  // A program that is started, as a door is opened: nothing may import it.
  'process/child.ts': DOORS,
};

/** They stand alone: the in-process queue, which any folder may import, and what loads the built files. */
const standalone = ['queue', 'parts'];

/** The packages we depend on, and the folders that know them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  acorn: ['functions', 'codec'],
  '@jridgewell/trace-mapping': ['functions'],
  bullmq: ['cluster'],
  ioredis: ['cluster'],
};

/** Files of more than 400 lines, with the reason. */
const long: Readonly<Record<string, string>> = {
  'pool/dispatcher.ts': 'one state machine: all the ways on which a task comes in and leaves',
  'ring/ring.ts': 'one layout in shared memory, read and written by both ends',
};

/** The constructors with more than four positional parameters, with the reason. */
const manyParameters: Readonly<Record<string, string>> = {
  'contracts/errors.ts': 'WorkerLostError, which users can see',
};

/** What a program may replace, as fake timers do: `engine/builtins.ts` has it as it was when the library was loaded, or as Node made it. */
const replaceable =
  /(?<![\w.$'#])((?:set|clear)(?:Timeout|Interval|Immediate)|queueMicrotask)\(|\b(performance|process)\.(?:now|hrtime|nextTick)\b|\bnew (Date)\(|\b(Date)\.\w|\binstanceof (Promise|Date)\b|\bgetBuiltinModule\('node:(fs)'\)/g;
/** What waits for nobody but its own process obeys the clock of the program, so that fake timers can test it. */
const obeysTheProgram = ['queue'];

/** What only these folders know of shared memory and of the system. */
const knownTo: Readonly<Record<string, { readonly what: string; readonly folders: string }>> = {
  // The others read by `placeOf` which place a word names, and write it by `granuleOf`.
  GRANULE: { what: 'granules', folders: 'memory ring' },
  CriticalSection: { what: 'how a section is entered', folders: 'memory ring sync' },
  wordIndex: { what: 'words of the heap', folders: 'channel connection managers memory pool process ring shared sync' },
  koffi: { what: 'koffi', folders: 'platform' },
};
/** What belongs to the system: its files by name, those of control groups too, and descriptors that Node does not document. */
const ofTheSystem = /['"`}](?:\/proc\/|\/dev\/shm|\/sys\/|(?:cpu|memory|pids)\.\w)|_handle\b.*\bfd\b/;

const vague = /(^|[/-])(common|utils?|helpers?|types|misc|shared-code)(-|\.ts$|\/)/;

/** Sources by their path in src/. */
type Sources = ReadonlyMap<string, string>;

function readSources(): Sources {
  const names = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.sort().map((name) => [name, readFileSync(`${root}src/${name}`, 'utf8')]));
}

/** What a source imports or re-exports, values and types alike, also by `import('…')` and `require('…')`. */
function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const declarations = /^(?:import|export)\s+(?:[\w$*{},\s]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;
  const calls = /(?:\bimport|\brequire|createRequire\(import\.meta\.url\))\(\s*['"]([^'"]+)['"]/g;
  return [declarations, calls].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

/** A source without its comments. */
function codeOf(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** What of builtins.ts a source uses and has not imported. */
function replaceablesOf(source: string): string[] {
  const code = codeOf(source);
  const imported = /import \{([^}]*)\} from '[./]*(?:engine\/)?builtins\.ts'/.exec(code)?.[1]?.split(/,\s*/) ?? [];
  const own = imported.map((name) => name.trim());
  const used = [...code.matchAll(replaceable)].map((match) => match.slice(1).find((name) => name !== undefined)!);
  return [...new Set(used)].filter((name) => !own.includes(name));
}

/** The number of positional parameters of each constructor and each of its overloads. */
function parametersOfConstructors(source: string): number[] {
  return [...source.matchAll(/\bconstructor\(((?:[^()]|\([^()]*\))*)\)\s*[{;]/g)].map((match) => {
    let depth = 0;
    let count = 0;
    let isNew = true;
    for (const char of match[1]!.replaceAll('=>', '')) {
      if ('([{<'.includes(char)) depth++;
      if (')]}>'.includes(char)) depth--;
      if (char === ',' && depth <= 0) isNew = true;
      else if (isNew && /\S/.test(char)) {
        count++;
        isNew = false;
      }
    }
    return count;
  });
}

function layerOf(file: string): number | undefined {
  return single[file] ?? layers[folderOf(file)];
}

const folderOf = (file: string): string => (file.includes('/') ? file.split('/')[0]! : '');

/** All that breaks the order, each with the file to look at. */
function violationsOf(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, source] of sources) {
    const folder = folderOf(file);
    const isStandalone = standalone.includes(folder);
    if (folder === '') found.push(`${file}: stands in no folder`);
    else if (layerOf(file) === undefined && !isStandalone) found.push(`${file}: has no layer`);
    if (vague.test(file)) found.push(`${file}: a name that says nothing`);
    const lines = source.trimEnd().split('\n').length;
    if (lines > 400 && long[file] === undefined) found.push(`${file}: ${lines} lines, and no reason for them`);
    if (folder !== 'platform' && ofTheSystem.test(source.replace(/\/\*[\s\S]*?\*\//g, ''))) {
      found.push(`${file} knows the system, as only platform/ may`);
    }
    for (const [name, { what, folders }] of Object.entries(knownTo)) {
      if (!new RegExp(`\\b${name}\\b`).test(codeOf(source)) || folders.split(' ').includes(folder)) continue;
      found.push(`${file} knows ${what}, as only ${folders.replaceAll(' ', '/, ')}/ may`);
    }
    if (folder !== 'engine' && !obeysTheProgram.includes(folder)) {
      for (const name of replaceablesOf(source))
        found.push(`${file} takes ${name} from where a program may replace it`);
    }
    for (const [, name] of codeOf(source).matchAll(/\b[gs]et (#\w+)\(/g))
      found.push(`${file}: ${name} is a private accessor, which V8 calls in its runtime each time: make it a method`);
    for (const count of parametersOfConstructors(source)) {
      if (count > 4 && manyParameters[file] === undefined)
        found.push(`${file}: a constructor with ${count} parameters: take a record`);
    }
    for (const specifier of importsOf(source)) {
      const problem = problemWith(file, specifier, sources);
      if (problem !== undefined) found.push(`${file} imports ${specifier}: ${problem}`);
    }
  }
  return [...found, ...cyclesOf(sources).map((cycle) => `a cycle: ${cycle.join(' → ')}`)];
}

function problemWith(file: string, specifier: string, sources: Sources): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  if (!specifier.startsWith('.')) {
    return packages[specifier]?.includes(folderOf(file)) ? undefined : 'a package that this folder does not know';
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (!sources.has(target)) return 'there is no such file in src/';
  const [from, to] = [layerOf(file), layerOf(target)];
  if (from === DOORS) return undefined;
  if (file.includes('/') && folderOf(target) === folderOf(file) && to === from) return undefined;
  const allowed = imports[folderOf(file)]?.split(' ').includes(folderOf(target)) === true;
  if (standalone.includes(folderOf(file)) || standalone.includes(folderOf(target))) {
    return allowed ? undefined : `the list of ${folderOf(file)}/ in this test does not have it`;
  }
  if (from === undefined || to === undefined) return 'there is no layer to compare';
  if (to >= from) return `layer ${to} from layer ${from}`;
  return allowed ? undefined : `the list of ${folderOf(file)}/ in this test does not have it`;
}

/** Every import cycle, each once, from its first file in alphabetical order. */
function cyclesOf(sources: Sources): string[][] {
  const edges = new Map<string, string[]>();
  for (const [file, source] of sources) {
    const targets = importsOf(source).filter((specifier) => specifier.startsWith('.'));
    edges.set(
      file,
      targets.map((specifier) => posix.join(posix.dirname(file), specifier)),
    );
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at !== -1) cycles.push([...path.slice(at), file]);
    if (at !== -1 || done.has(file)) return;
    path.push(file);
    for (const target of edges.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return cycles;
}

describe('the check of the architecture', () => {
  const check = (files: Record<string, string>): string[] => violationsOf(new Map(Object.entries(files)));

  test('the check of the architecture lets imports point downwards', () => {
    const files = {
      'contracts/errors.ts': '',
      'memory/heap.ts': "import { readFileSync } from 'node:fs';\nimport { E } from '../contracts/errors.ts';",
      'process/process.ts': "import type {\n  Heap,\n} from '../memory/heap.ts';",
      'codec/text.ts': "import { parse } from 'acorn';",
      'doors/multiproc.ts': "export { type Process } from '../process/process.ts';",
      'queue/queue.ts': "import { E } from '../contracts/errors.ts';",
    };
    assert.deepEqual(check(files), []);
  });

  test('the check of the architecture finds what points elsewhere', () => {
    const files = {
      'contracts/errors.ts': "import '../engine/builtins.ts';",
      'engine/builtins.ts': '',
      'memory/heap.ts': "export type { Lock } from '../sync/lock.ts';\nimport acorn from 'acorn';",
      'sync/lock.ts': "const ring = import('../ring/ring.ts');",
      'ring/ring.ts': "import { gone } from './gone.ts';",
      'ring/envelope.ts': "import '../platform/linux.ts';",
      'platform/linux.ts': '',
      'queue/queue.ts': "import { Heap } from '../memory/heap.ts';",
      'process/process.ts': "import './child.ts';",
      'process/child.ts': "import '../doors/wiring.ts';",
      'doors/wiring.ts': '',
    };
    assert.deepEqual(check(files), [
      'contracts/errors.ts imports ../engine/builtins.ts: layer 0 from layer 0',
      'memory/heap.ts imports ../sync/lock.ts: layer 3 from layer 2',
      'memory/heap.ts imports acorn: a package that this folder does not know',
      'sync/lock.ts imports ../ring/ring.ts: layer 3 from layer 3',
      'ring/ring.ts imports ./gone.ts: there is no such file in src/',
      'ring/envelope.ts imports ../platform/linux.ts: the list of ring/ in this test does not have it',
      'queue/queue.ts imports ../memory/heap.ts: the list of queue/ in this test does not have it',
      'process/process.ts imports ./child.ts: layer 9 from layer 5',
    ]);
  });

  test('the check of the architecture finds cycles, also of types', () => {
    const files = {
      'ring/a.ts': "import type { B } from './b.ts';",
      'ring/b.ts': "import {\n  C,\n} from './c.ts';",
      'ring/c.ts': "// import './a.ts'\n/** import './b.ts' */\nexport * from './a.ts';",
    };
    assert.deepEqual(check(files), ['a cycle: ring/a.ts → ring/b.ts → ring/c.ts → ring/a.ts']);
  });

  test('the check of the architecture finds what is taken from where a program may replace it', () => {
    const files = {
      'engine/builtins.ts': 'export const { setTimeout } = timers;',
      'sync/a.ts':
        "import { setTimeout } from '../engine/builtins.ts';\nsetTimeout(f, 1); clearTimeout(t); socket.setTimeout(1);",
      'sync/b.ts': '// setTimeout(f)\nconst t = performance.now() - Date.now(); x instanceof Promise;',
      'sync/d.ts': "process.getBuiltinModule('node:fs').existsSync(file);",
      'queue/timer.ts': 'setTimeout(f, 1);',
    };
    assert.deepEqual(check(files), [
      'sync/a.ts takes clearTimeout from where a program may replace it',
      'sync/b.ts takes performance from where a program may replace it',
      'sync/b.ts takes Date from where a program may replace it',
      'sync/b.ts takes Promise from where a program may replace it',
      'sync/d.ts takes fs from where a program may replace it',
    ]);
  });

  test('the check of the architecture finds what knows the system outside of platform/', () => {
    const files = {
      'platform/linux.ts': "open('/proc/self/stat'); socket._handle.fd;",
      'shared/a.ts': "open('/dev/shm/x');",
      'process/b.ts': 'open(`/proc/self/stat`);',
      'connection/c.ts': 'const { fd } = socket._handle; socket._handle?.fd;',
      'memory/d.ts': '/* open("/proc/self") */',
      'pool/e.ts': "read('cpu.max');",
    };
    assert.deepEqual(check(files), [
      'shared/a.ts knows the system, as only platform/ may',
      'process/b.ts knows the system, as only platform/ may',
      'connection/c.ts knows the system, as only platform/ may',
      'pool/e.ts knows the system, as only platform/ may',
    ]);
  });

  test('the check of the architecture finds what places things in shared memory by itself', () => {
    const files = {
      'memory/heap.ts': 'export const GRANULE = 64;',
      'ring/envelope.ts': "import { GRANULE } from '../memory/heap.ts';",
      'pool/new.ts': "import { GRANULE } from '../memory/heap.ts';",
      'pool/named.ts': '/** A GRANULE */ // CriticalSection',
      'functions/words.ts': "import { wordIndex } from '../memory/heap.ts';",
    };
    assert.deepEqual(check(files), [
      'pool/new.ts knows granules, as only memory/, ring/ may',
      'functions/words.ts knows words of the heap, as only channel/, connection/, managers/, memory/, pool/, process/, ring/, shared/, sync/ may',
    ]);
  });

  test('the check of the architecture finds constructors that take too much by position', () => {
    const files = {
      'memory/a.ts': 'class A { constructor(a: number, b: Map<string, number>, c = 1, d: () => void) {} }',
      'memory/b.ts':
        'class B { constructor(\n  a: number,\n  b: () => void,\n  c: { x: 1, y: 2 },\n  d?: 4,\n  e = f(),\n) {} }',
      'memory/c.ts': 'class C { constructor({ a, b, c, d, e }: Parts) {} }',
    };
    assert.deepEqual(check(files), ['memory/b.ts: a constructor with 5 parameters: take a record']);
  });

  test('the check of the architecture finds private accessors, which cost 5 ns a call', () => {
    const files = {
      'memory/a.ts': 'class A {\n  get #isOpen(): boolean {\n    return true;\n  }\n}',
      'memory/b.ts':
        'class B {\n  get isOpen(): boolean {\n    return true;\n  }\n  #isShut(): boolean {\n    return false;\n  }\n}',
    };
    assert.deepEqual(check(files), [
      'memory/a.ts: #isOpen is a private accessor, which V8 calls in its runtime each time: make it a method',
    ]);
  });

  test('the check of the architecture finds names that say nothing, files in no folder, unknown folders and long files', () => {
    const files = {
      'errors.ts': '',
      'ring/utils.ts': '',
      'sync/lock-helpers.ts': '',
      'stuff/thing.ts': '',
      'codec/long.ts': 'x\n'.repeat(401),
      'functions/builtin-types.ts': '',
    };
    assert.deepEqual(check(files), [
      'errors.ts: stands in no folder',
      'ring/utils.ts: a name that says nothing',
      'sync/lock-helpers.ts: a name that says nothing',
      'stuff/thing.ts: has no layer',
      'codec/long.ts: 401 lines, and no reason for them',
      'functions/builtin-types.ts: a name that says nothing',
    ]);
  });
});

describe('the architecture', () => {
  const sources = readSources();

  test('every import points to a lower layer, and none leads back', () => {
    assert.deepEqual(violationsOf(sources), []);
  });

  test('the list of what each folder imports has no name too many', () => {
    const used: Record<string, Set<string>> = Object.fromEntries(Object.keys(imports).map((name) => [name, new Set()]));
    for (const [file, source] of sources) {
      if (layerOf(file) === DOORS) continue;
      const folders = importsOf(source).filter((specifier) => specifier.startsWith('.'));
      for (const specifier of folders) used[folderOf(file)]?.add(folderOf(posix.join(posix.dirname(file), specifier)));
    }
    for (const [folder, list] of Object.entries(imports)) {
      assert.deepEqual(
        list.split(' ').filter((name) => name !== '' && !used[folder]!.has(name)),
        [],
        folder,
      );
    }
  });

  test('the doors name what they export', () => {
    for (const [file, source] of sources) {
      // multiproc.ts opens public-names.ts, after it has installed what travels.
      const allowed = file === 'doors/multiproc.ts' ? ["export * from './public-names.ts';"] : [];
      assert.deepEqual(source.match(/^export \*.*$/gm) ?? [], allowed, file);
    }
  });

  test('the exceptions are files that exist', () => {
    for (const file of [...Object.keys(single), ...Object.keys(long)]) assert.ok(sources.has(file), file);
  });

  test('docs/architecture.md shows the same table', () => {
    const page = readFileSync(`${root}docs/architecture.md`, 'utf8');
    const table = /```text\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const shown: Record<string, number> = {};
    for (const [, layer, names] of table.matchAll(/^ *(\d) {2}((?:[\w-]+\/ *)+)/gm)) {
      for (const name of names!.trim().split(/ +/)) shown[name.slice(0, -1)] = Number(layer);
    }
    assert.deepEqual(Object.entries(shown).sort(), Object.entries(layers).sort());
  });
});
