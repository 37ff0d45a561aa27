// Packages that stand in node_modules by symbolic links, as pnpm and npm link make them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/linked-packages-${process.pid}`);
after(() => rmSync(folder, { recursive: true }));

for (const path of ['store/pkg', 'app/node_modules']) mkdirSync(`${folder}/${path}`, { recursive: true });
symlinkSync('../../store/pkg', `${folder}/app/node_modules/pkg`);
const files = {
  'store/pkg/package.json': '{ "name": "pkg", "type": "module", "exports": "./index.js" }',
  'store/pkg/index.js': 'export const { url } = import.meta;',
  'app/lib.mjs': `import { createRequire } from 'node:module';
import { url } from 'pkg';
export const where = () => [url, createRequire(import.meta.url).resolve('pkg')].join(' ');`,
  'app/main.mjs': `import { getContext } from 'multiproc';
import { where } from './lib.mjs';
for (const method of process.argv.slice(2)) {
  const pool = new (getContext(method).Pool)(1);
  console.log(await pool.apply(where));
  pool.terminate();
  await pool.join();
}`,
};
for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);

// The output of the program is a pipe, which Node before 24 takes for what it looks up.
test('children load a linked package from its real path, as the program does', async () => {
  const methods = process.env.MULTIPROC_PLATFORM === 'portable' ? ['thread'] : ['spawn', 'thread'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${folder}/app/main.mjs`, ...methods]);
  const there = `file://${folder}/store/pkg/index.js ${folder}/store/pkg/index.js\n`;
  assert.equal(stdout, methods.map(() => there).join(''), stderr);
});
