// Builds what is published: src/ bundled into a few CommonJS files in dist/, since every file costs a third of a millisecond to
// import, in each process anew; doors for `import` and `require`; declarations file by file. Then compiles tests, examples and
// benchmarks to build/.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { build } from 'esbuild';
import { toCommonJs } from './common-js.mjs';
import { declarations } from './declarations.mjs';
import { buildDisturbed } from './disturbed.mjs';
import { writeDoor } from './doors.mjs';
import { inferNames } from './inferred-names.mjs';
import { buildParts } from './lazy-parts.mjs';

for (const folder of ['dist', 'build']) rmSync(folder, { recursive: true, force: true });
tsc('tsconfig.json', '--emitDeclarationOnly');
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
for (const file of readdirSync('dist', { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  writeFileSync(`dist/${file}`, declarations(readFileSync(`dist/${file}`, 'utf8')));
}

const doors = ['multiproc', 'queue', 'connection', 'shared-memory', 'managers'];
const entries = [...doors.map((name) => `${name}.ts`), 'process/child.ts'];
// What it does is done by the doors alone: tests of a layer have only what they install themselves.
const notInternal = [
  ...entries,
  'install.ts',
  'install-connection.ts',
  'install-shared-memory.ts',
  'install-managers.ts',
  'eager-modules.ts',
];
const modules = readdirSync('src', { recursive: true }).filter(
  (name) => name.endsWith('.ts') && !notInternal.includes(name),
);

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Class and function names are part of messages; whole files are easier to read in a stack than one line.
  keepNames: true,
  sourcemap: true,
  logLevel: 'warning',
  // It is the user's own import(), of what only the user knows.
  logOverride: { 'unsupported-dynamic-import': 'silent' },
  // What is built as an ES module first becomes CommonJS (common-js.mjs).
  define: { 'import.meta.url': 'moduleUrl' },
};

// Tests reach into the layers (`#dist/memory/heap.js`), and must find the very modules that the doors use: a door of their
// own, which is not published, exports everything of all modules under names of its own, and a small file for each hands them on.
const exportsOf = await namesExportedBy(modules);
const { partOf, eagerModules } = await buildParts(
  entries,
  new Map(modules.map((name, i) => [name, exportsOf[i]])),
  options,
);
const internals = modules.flatMap((name, i) =>
  partOf.has(name)
    ? []
    : exportsOf[i].map((exported) => `export { ${exported} as m${i}_${exported} } from '../src/${name}';`),
);
internals.push("import '../src/eager-modules.ts';", "export { modulesOf } from '../src/lazy.ts';");
mkdirSync('build');
writeFileSync('build/internals.ts', internals.join('\n'));
const { metafile } = await build({
  entryPoints: [...entries.map((name) => `src/${name}`), 'build/internals.ts'],
  entryNames: '[name]',
  outdir: 'dist',
  splitting: true,
  format: 'esm',
  metafile: true,
  plugins: [eagerModules],
  ...options,
});
for (const file of Object.keys(metafile.outputs).filter((name) => name.endsWith('.js'))) {
  writeFileSync(file, toCommonJs(readFileSync(file, 'utf8')));
}
inferNames('dist');
for (const name of doors) writeDoor(name, metafile.outputs[`dist/${name}.js`].exports);
for (const [i, name] of modules.entries()) {
  const file = `build/internals/${name.replace(/\.ts$/, '.js')}`;
  mkdirSync(dirname(file), { recursive: true });
  const from = relative(dirname(file), 'dist/internals.js');
  const part = partOf.get(name);
  if (part === undefined) {
    const names = exportsOf[i].map((exported) => `m${i}_${exported} as ${exported}`);
    writeFileSync(file, `export { ${names.join(', ')} } from '${from}';\n`);
  } else {
    const found = `export const { ${exportsOf[i].join(', ')} } = modulesOf('${part}')['${name}'];\n`;
    writeFileSync(file, `import { modulesOf } from '${from}';\n${found}`);
  }
}
tsc('tsconfig.programs.json');
buildDisturbed();

async function namesExportedBy(modules) {
  const entryPoints = modules.map((name) => `src/${name}`);
  const { metafile } = await build({ entryPoints, outdir: 'build', format: 'esm', write: false, metafile: true });
  const outputs = Object.values(metafile.outputs);
  return modules.map((name) => outputs.find((output) => output.entryPoint === `src/${name}`).exports);
}

function tsc(project, ...options) {
  const { status } = spawnSync('tsc', ['-p', project, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
