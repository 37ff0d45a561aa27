// Builds what is published: src/ bundled into a few CommonJS files in dist/, since every file costs a third of a millisecond to
// import, in each process anew; doors for `import` and `require`; declarations file by file. Then compiles tests, examples and
// benchmarks to build/.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { build } from 'esbuild';
import { declarations } from './declarations.mjs';
import { buildDisturbed } from './disturbed.mjs';
import { writeDoor } from './doors.mjs';
import { buildParts } from './parts.mjs';

/** The doors of the package, which are `multiproc` and `multiproc/queue` and so on to users. */
const doors = ['multiproc', 'queue', 'connection', 'shared-memory', 'managers', 'cluster'];

for (const folder of ['dist', 'build']) rmSync(folder, { recursive: true, force: true });
tsc('tsconfig.json', '--emitDeclarationOnly');
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
for (const file of readdirSync('dist', { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  writeFileSync(`dist/${file}`, declarations(readFileSync(`dist/${file}`, 'utf8')));
}

const modules = readdirSync('src', { recursive: true }).filter(
  (name) => name.endsWith('.ts') && !name.startsWith('parts/'),
);
const exportsOf = await namesExportedBy(modules);
const partOf = await buildParts(exportsOf);
for (const name of doors) writeDoor(name, partOf.get(`doors/${name}.ts`), exportsOf.get(`doors/${name}.ts`));
writeFileSync(
  'dist/child.js',
  "// The program of every child process and thread.\nrequire('./multiproc-load.js').part('child');\n",
);

writeFileSync(
  'dist/cli.js',
  "#!/usr/bin/env node\n// The commands of `npx multiproc`.\nrequire('./multiproc-load.js').part('cli')['cli/main.ts'].main(process.argv.slice(2), () => require('./cluster.cjs')).then((code) => process.exit(code));\n",
  { mode: 0o755 },
);

// Tests reach into the layers (`#dist/memory/heap.js`), and must find the very modules that the doors use.
for (const name of modules.filter((name) => partOf.has(name))) {
  const file = `build/internals/${name.replace(/\.ts$/, '.js')}`;
  mkdirSync(dirname(file), { recursive: true });
  const names = exportsOf.get(name).join(', ');
  const load = `import { part } from '${relative(dirname(file), 'dist/multiproc-load.js')}';\n`;
  writeFileSync(file, `${load}export const { ${names} } = part('${partOf.get(name)}')['${name}'];\n`);
}
tsc('tsconfig.programs.json');
buildDisturbed();

/** The names of the values that each module exports. */
async function namesExportedBy(modules) {
  const isDoor = (name) => doors.some((door) => name === `doors/${door}.ts`);
  const options = {
    outdir: 'build',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
  };
  const exportsOf = new Map();
  // What a door has by `export *` is seen in a bundle only.
  for (const bundle of [false, true]) {
    const entryPoints = modules.filter((name) => isDoor(name) === bundle).map((name) => `src/${name}`);
    const { metafile } = await build({
      entryPoints,
      bundle,
      packages: bundle ? 'external' : undefined,
      platform: 'node',
      ...options,
    });
    for (const { entryPoint, exports } of Object.values(metafile.outputs)) exportsOf.set(entryPoint, exports);
  }
  // What exports nothing is CommonJS to the bundler, which has a default then.
  return new Map(modules.map((name) => [name, exportsOf.get(`src/${name}`).filter((each) => each !== 'default')]));
}

function tsc(project, ...options) {
  const { status } = spawnSync('tsc', ['-p', project, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
