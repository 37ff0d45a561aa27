// Builds the files of dist/ that hold the library: see docs/decisions/015-loaded-at-first-use.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parse } from 'acorn';
import { build } from 'esbuild';

/** In their order, where each part begins. A module is in the first part whose roots reach it without `lazy`. */
const rootsOf = {
  queue: ['doors/queue.ts'],
  // What a child needs from its start on.
  member: [
    'doors/wiring/member.ts',
    'engine/main-thread.ts',
    // Workers of pools use it, and those of a cluster's hosts.
    'engine/next-async-id.ts',
    'functions/import-module.ts',
    // Workers of pools and those of a cluster's hosts run tasks by it.
    'functions/run-function.ts',
    'memory/await-descriptor.ts',
    // Doors export it, and workers set it.
    'pool/current-task.ts',
    'pool/elsewhere.ts',
    'pool/sendable-outcome.ts',
    'process/after-exit-handlers.ts',
    'process/assignment.ts',
    // Asks for the arguments of node, which a child replaces by those of the program.
    'process/child-entry.ts',
    'process/code-of-threads.ts',
    'process/descendants.ts',
    'process/exit-quickly.ts',
    'process/own-index.ts',
    'process/parent-process.ts',
    'process/process.ts',
    'process/thread-bootstrap.ts',
  ],
  'main-member': ['doors/wiring/member.ts', 'doors/wiring/elsewhere.ts'],
  core: ['doors/multiproc.ts'],
  main: ['doors/multiproc.ts'],
  'shared-memory': ['doors/shared-memory.ts'],
  'main-shared-memory': ['doors/shared-memory.ts'],
  connection: ['doors/connection.ts'],
  'main-connection': ['doors/connection.ts'],
  managers: ['doors/managers.ts'],
  'main-managers': ['doors/managers.ts'],
  cluster: ['doors/cluster.ts'],
  'main-cluster': ['doors/cluster.ts'],
  functions: ['functions/function-reading.ts'],
  capture: ['functions/function-writing.ts', 'process/start-runner.ts'],
  worker: ['pool/worker.ts', 'pool/task-board.ts'],
  pool: ['pool/machinery.ts'],
  'cluster-pool': ['cluster/tasks/cluster-executor.ts'],
  child: ['process/child.ts'],
  cli: ['cli/main.ts'],
};
/** Doors install what they let travel, which nobody else may do: they are in small parts of their own. */
const isDoor = (name) =>
  /^doors\/(wiring\/(?!wire\.)|(multiproc|shared-memory|connection|managers|cluster)\.ts$)/.test(name);
const holdsDoors = (part) => part === 'child' || part.startsWith('main');
/** What each part may have loaded with it: what is loaded at its first use must not come in by a side door. */
const needs = {
  queue: [],
  member: ['queue'],
  'main-member': ['queue', 'member'],
  core: ['queue', 'member'],
  main: ['queue', 'member', 'main-member', 'core'],
  'shared-memory': ['queue', 'member', 'core'],
  'main-shared-memory': ['member', 'core', 'main', 'shared-memory'],
  connection: ['queue', 'member', 'core'],
  'main-connection': ['member', 'core', 'main', 'connection'],
  managers: ['queue', 'member', 'core', 'connection'],
  'main-managers': ['queue', 'member', 'core', 'main', 'main-connection', 'managers'],
  cluster: ['queue', 'member', 'core', 'connection', 'managers'],
  'main-cluster': ['queue', 'member', 'core', 'main', 'main-connection', 'main-managers', 'managers', 'cluster'],
  functions: ['queue', 'member'],
  capture: ['queue', 'member', 'core', 'functions'],
  worker: ['queue', 'member', 'functions'],
  pool: ['queue', 'member', 'core', 'functions', 'capture', 'worker'],
  'cluster-pool': [
    'queue',
    'member',
    'core',
    'functions',
    'capture',
    'connection',
    'managers',
    'cluster',
    'pool',
    'worker',
  ],
  child: ['queue', 'member', 'main-member', 'functions'],
  cli: ['queue', 'member', 'core'],
};

/** A part is a function, which `src/parts/load.ts` calls: to put a function around the text at each start would copy the text. */
export const wrapper = { before: '(function (exports, require, module, __filename, __dirname) { ', after: '})' };

/** What Node's own loader must load: `import()` works nowhere else. */
const loadedByNode = 'functions/own-import.ts';

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
  // The one is the user's own import(), of what only the user knows; the other of what another part runs when it is loaded.
  logOverride: { 'unsupported-dynamic-import': 'silent', 'ignored-bare-import': 'silent' },
};

/** The modules that are loaded by `lazy`. */
const required = new Set();

/** Builds all parts; `exportsOf` has the names that each module exports. Answers which module is in which part. */
export async function buildParts(exportsOf) {
  const partOf = new Map();
  for (const [part, names] of Object.entries(rootsOf)) {
    for (const name of await reachedFrom(names)) {
      if (!partOf.has(name) && (holdsDoors(part) || !isDoor(name))) partOf.set(name, part);
    }
    const roots = names.filter((name) => holdsDoors(part) || !isDoor(name));
    for (const name of roots) if (partOf.get(name) !== part) throw new Error(`src/${name} is imported without lazy()`);
  }
  for (const part of Object.keys(rootsOf)) await buildPart(part, partOf, exportsOf);
  for (const [entry, outfile] of [
    ['parts/load.ts', 'multiproc-load.js'],
    [loadedByNode, 'multiproc-import.js'],
  ]) {
    await build({
      ...options,
      entryPoints: [`src/${entry}`],
      outfile: `dist/${outfile}`,
      format: 'cjs',
    });
  }
  return partOf;
}

/** The modules that these import as values, themselves included, by their paths in src/. */
async function reachedFrom(names) {
  const entryPoints = names.map((name) => `src/${name}`);
  const { metafile } = await build({
    ...options,
    entryPoints,
    outdir: 'build',
    format: 'cjs',
    write: false,
    metafile: true,
    plugins: [
      {
        name: 'lazy',
        setup: ({ onResolve }) => onResolve({ filter: /^\./ }, leaveOutRequired),
      },
    ],
  });
  return Object.keys(metafile.inputs).map((path) => relative('src', path));
}

function leaveOutRequired({ kind, path, resolveDir }) {
  if (kind !== 'require-call') return undefined;
  required.add(relative('src', resolve(resolveDir, path)));
  return { external: true };
}

/**
 * What other parts take of this one, as expressions: each by its number, so that no object with all exports of a module is made that nobody
 * asks for. The modules are named `m0`, `m1` and so on. A module that is loaded by `lazy` is taken whole.
 */
function takenOf(part, partOf, exportsOf) {
  const taken = [];
  [...partOf.keys()]
    .filter((name) => partOf.get(name) === part)
    .forEach((name, i) => {
      const names = exportsOf.get(name);
      for (const exported of names) taken.push({ key: `${name} ${exported}`, value: `m${i}.${exported}` });
      if (required.has(name)) {
        taken.push({ key: `${name} `, value: `({ ${names.map((each) => `${each}: m${i}.${each}`).join(', ')} })` });
      }
    });
  return taken;
}

async function buildPart(part, partOf, exportsOf) {
  const own = [...partOf.keys()].filter((name) => partOf.get(name) === part);
  const listed = own.map((name, i) => {
    const names = exportsOf.get(name).map((exported) => `${exported}: m${i}.${exported}`);
    return `  '${name}': { ${names.join(', ')} },`;
  });
  const cases = takenOf(part, partOf, exportsOf).map(({ value }, number) => `    case ${number}: return ${value};`);
  const takes = (from, name, exported) =>
    `take('${from}', ${takenOf(from, partOf, exportsOf).findIndex(({ key }) => key === `${name} ${exported}`)})`;
  const contents = [
    ...own.map((name, i) => `import * as m${i} from './${name}';`),
    `export const exported = (number) => {\n  switch (number) {\n${cases.join('\n')}\n  }\n};`,
    'let known;',
    `export const modules = () => (known ??= {\n${listed.join('\n')}\n});`,
    // The in-process queue stands alone.
    ...(part === 'queue'
      ? []
      : [
          `import { registerOwnPart } from './functions/own-exports.ts';`,
          `registerOwnPart('${part}', modules, part);`,
        ]),
    ...(part === 'member'
      ? [
          `import { registerCodeOfThreads } from './process/code-of-threads.ts';`,
          'registerCodeOfThreads(codeOfThreads);',
        ]
      : []),
  ];
  const elsewhere = {
    name: 'elsewhere',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^acorn$/ }, ({ path, kind }) =>
        kind === 'require-call' ? { path, namespace: 'package' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'package' }, ({ path }) => ({
        contents: `module.exports = loadPackage('${path}');`,
      }));
      onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
        const name = relative('src', resolve(resolveDir, path));
        if (name === loadedByNode) return { path: './multiproc-import.js', external: true };
        if (kind === 'require-call') return { path: name, namespace: 'required' };
        const from = partOf.get(name);
        if (from === part) return undefined;
        if (!needs[part].includes(from)) throw new Error(`${part} would load ${from}, for src/${name}`);
        return {
          path: name,
          namespace: 'elsewhere',
          sideEffects: exportsOf.get(name).length === 0,
        };
      });
      // What exports nothing would be CommonJS to the bundler, and all that it imports would be made by functions.
      onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) =>
        exportsOf.get(relative('src', path)).length === 0
          ? {
              contents: `${readFileSync(path, 'utf8')}\nexport {};`,
              loader: 'ts',
            }
          : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'required' }, ({ path: name }) => ({
        contents: `module.exports = ${takes(partOf.get(name), name, '')};`,
      }));
      onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path: name }) => {
        const from = partOf.get(name);
        const taken = exportsOf
          .get(name)
          .map((exported) => `export const ${exported} = /* @__PURE__ */ ${takes(from, name, exported)};`);
        // What exports nothing is imported for what it does.
        return {
          contents: taken.length === 0 ? `take('${from}', -1); export {};` : taken.join('\n'),
        };
      });
    },
  };
  await build({
    ...options,
    stdin: {
      contents: contents.join('\n'),
      resolveDir: 'src',
      sourcefile: `<${part}>`,
    },
    outfile: `dist/multiproc-${part}.js`,
    format: 'cjs',
    plugins: [elsewhere],
    banner: {
      js: `${wrapper.before}"use strict"; const { ${part === 'member' ? 'codeOfThreads, ' : ''}loadPackage, part, take } = require('./multiproc-load.js');`,
    },
    footer: { js: wrapper.after },
  });
  withoutComments(`dist/multiproc-${part}.js`);
}

/**
 * Takes comments away, all lines staying where they are: V8 reads every character of a file at each start. What says where modules begin, and
 * where the map is, stays. All is ASCII then, which takes one byte a character in memory, and nothing to decode.
 */
function withoutComments(file) {
  const code = readFileSync(file, 'utf8');
  let text = '';
  let at = 0;
  const onComment = (_isBlock, comment, start, end) => {
    const isNeeded = /^( (src\/\S+\.ts|<\S+>|\w+:\S+)$|# )/.test(comment);
    const isLast = /^\s*(\n|$)/.test(code.slice(end, end + 200));
    if (isNeeded || !isLast) return;
    text += code.slice(at, start).replace(/[ \t]+$/, '') + comment.replace(/[^\n]/g, '');
    at = end;
  };
  parse(code, { ecmaVersion: 'latest', sourceType: 'script', onComment });
  text += code.slice(at);
  const foreign = /.*\P{ASCII}.*/u.exec(text);
  if (foreign !== null) throw new Error(`${file} is not ASCII: ${foreign[0]}`);
  writeFileSync(file, text);
}
