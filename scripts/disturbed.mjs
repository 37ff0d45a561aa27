// Makes build/disturbed/: the package once more, with the library's points (scripts/instrument.mjs) and the tests that use them. It is a
// package of its own, so its programs, and whatever processes and threads they start, have that library and no other.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { instrument } from './instrument.mjs';

const folder = 'build/disturbed';
/** What stands in the library's files, seen from there; a child has its orders first of all. */
const runtime = '../build/test/disturb/points.js';
const orders = '../build/test/disturb/armed.js';

export function buildDisturbed() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/dist`, { recursive: true });
  const places = [];
  for (const name of readdirSync('dist').filter((name) => /\.c?js$/.test(name))) {
    const code = readFileSync(`dist/${name}`, 'utf8');
    const instrumented = instrument(code, { isPart: name.endsWith('.cjs'), runtime }, places);
    writeFileSync(`${folder}/dist/${name}`, name === 'child.js' ? `import '${orders}'; ${instrumented}` : instrumented);
  }
  writeFileSync(`${folder}/points.json`, JSON.stringify(places));
  cpSync('package.json', `${folder}/package.json`);
  for (const part of ['internals', 'test']) cpSync(`build/${part}`, `${folder}/build/${part}`, { recursive: true });
}
