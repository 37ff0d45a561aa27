// Makes build/disturbed/: the package once more, with the library's points (scripts/instrument.mjs) and the tests that use them. It is a
// package of its own, so its programs, and whatever processes and threads they start, have that library and no other.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { buildSync } from 'esbuild';
import { instrument } from './instrument.mjs';
import { wrapper } from './parts.mjs';

const folder = 'build/disturbed';
/** What stands in the library's files, seen from there; a child has its orders first of all. The tests' own copies share it by the global object. */
const runtime = './points.cjs';
const orders = './armed.cjs';

const bundled = { bundle: true, platform: 'node', format: 'cjs', target: 'node20.19' };

export function buildDisturbed() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/dist`, { recursive: true });
  const places = [];
  for (const name of readdirSync('dist').filter((name) => /(\.[cm]?js|package\.json)$/.test(name))) {
    const code = readFileSync(`dist/${name}`, 'utf8');
    const isOurs = /^multiproc-.*\.js$/.test(name) && !/-(load|import)\.js$/.test(name);
    const instrumented = isOurs ? wrapped(instrument(unwrapped(code), runtime, places)) : code;
    writeFileSync(
      `${folder}/dist/${name}`,
      name === 'child.js' ? `require('${orders}'); ${instrumented}` : instrumented,
    );
  }
  const entryPoints = ['test/disturb/points.ts', 'test/disturb/armed.ts'];
  buildSync({ entryPoints, outdir: `${folder}/dist`, outExtension: { '.js': '.cjs' }, ...bundled });
  writeFileSync(`${folder}/points.json`, JSON.stringify(places));
  cpSync('package.json', `${folder}/package.json`);
  for (const part of ['internals', 'test']) cpSync(`build/${part}`, `${folder}/build/${part}`, { recursive: true });
}

/** The text of a part without the function around it, and back: what a text begins with is to be inside. */
function unwrapped(code) {
  const { before, after } = wrapper;
  const end = code.lastIndexOf(after);
  if (!code.startsWith(before) || end === -1) throw new Error('A part is not what scripts/parts.mjs builds.');
  return code.slice(before.length, end) + code.slice(end + after.length);
}

function wrapped(code) {
  return `${wrapper.before}${code}\n${wrapper.after}`;
}
