// Programs in which something that the library stands on is missing: the words say what, and what to do.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = realpathSync(mkdtempSync(`${tmpdir()}/multiproc-missing-`));
after(() => rmSync(folder, { recursive: true }));

const modules = `${folder}/node_modules`;
mkdirSync(`${modules}/multiproc`, { recursive: true });
for (const name of ['dist', 'package.json']) cpSync(name, `${modules}/multiproc/${name}`, { recursive: true });
symlinkSync(resolve('node_modules/acorn'), `${modules}/acorn`);
const program = `${folder}/program.mjs`;
writeFileSync(
  program,
  `import { platformInfo, Queue } from 'multiproc';
let n = 1;
try { new Queue().putSync(() => n); console.log('works: ' + platformInfo().platform); } catch (error) { console.log(error.name + ': ' + error.message); }`,
);

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const mayRead = [
  permission,
  '--allow-fs-read=*',
  '--allow-fs-write=*',
  '--allow-worker',
  '--allow-child-process',
  '--no-warnings',
];

/** The platform that is asked for: none, but for the suite's own. */
function environment(wish: string | undefined): NodeJS.ProcessEnv {
  return { ...process.env, MULTIPROC_PLATFORM: wish ?? '' };
}

async function says(wish: 'native' | undefined, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...args, program], { cwd: folder, env: environment(wish) });
  return stdout;
}

test('without koffi, threads work, and the error of processes says what to install', async () => {
  assert.equal(await says(undefined), 'works: portable\n');
  const wanted = `@koromix/koffi-${process.platform}-${process.arch}`;
  const words = await says('native');
  assert.match(words, /^PlatformError: .*npm install --include=optional/);
  assert.ok(words.includes(wanted), words);
});

test('MULTIPROC_PLATFORM is refused if it names no platform', async () => {
  const { stdout } = await run(process.execPath, [program], { cwd: folder, env: environment('windows') });
  assert.match(stdout, /^RangeError: MULTIPROC_PLATFORM must be 'native' or 'portable', not 'windows'/);
});

test('without koffi, the errors of what needs processes name the page that says what works instead', async () => {
  const asks = `${folder}/asks.mjs`;
  writeFileSync(
    asks,
    `import { getContext, getStartMethod, platformInfo } from 'multiproc';
import { SharedMemory } from 'multiproc/shared-memory';
const words = [getStartMethod(), platformInfo().why];
for (const act of [() => new (getContext('spawn').Process)({ target() {} }).start(), () => SharedMemory.create({ size: 8 })]) {
  try { act(); } catch (error) { words.push(error.name + ': ' + error.message); }
}
console.log(JSON.stringify(words));`,
  );
  const { stdout } = await run(process.execPath, [asks], { cwd: folder, env: environment(undefined) });
  const [method, why, spawn, named] = JSON.parse(stdout) as string[];
  assert.equal(method, 'thread');
  assert.match(why!, /koffi/);
  assert.match(spawn!, /^PlatformError: The start method 'spawn' needs .*docs\/platforms\.md/);
  assert.match(named!, /^PlatformError: Named shared memory needs .*docs\/platforms\.md/);
});

test('with koffi installed, processes work', async () => {
  cpSync(resolve('node_modules/@koromix'), `${modules}/@koromix`, { recursive: true });
  assert.equal(await says(undefined), 'works: linux\n');
});

/** Preloaded: koffi as it is where the engine shows no memory of the system, as in Electron, or where a sandbox forbids a call. */
const forbids = `${folder}/forbids.cjs`;
writeFileSync(
  forbids,
  `const { dlopen } = process;
process.dlopen = (module, path, ...rest) => {
  dlopen(module, path, ...rest);
  const { load, view } = module.exports;
  if (view === undefined) return;
  const isForbidden = (declaration) => declaration.startsWith(process.env.FORBIDDEN);
  const allowed = (library) => ({ func: (words) => (isForbidden(words) ? () => -1 : library.func(words)) });
  const refuse = () => { throw new Error('External buffers are not allowed'); };
  module.exports = { ...module.exports, errno: () => 1, load: (path) => allowed(load(path)), view: isForbidden('view') ? refuse : view };
};`,
);

for (const [what, forbidden, why] of [
  ['the engine shows no memory of the system, as in Electron', 'view', /External buffers are not allowed/],
  ['a sandbox forbids memfd_create', 'long syscall(long number, const char* name', /memfd_create.*EPERM/],
] as const) {
  test(`where ${what}, threads work, and the error of processes says so`, async () => {
    process.env.FORBIDDEN = forbidden;
    assert.equal(await says(undefined, '--require', forbids), 'works: portable\n');
    const words = await says('native', '--require', forbids);
    delete process.env.FORBIDDEN;
    assert.match(words, /^PlatformError: /);
    assert.match(words, why);
  });
}

test('without the permission for addons, the error names --allow-addons', async () => {
  assert.match(await says('native', ...mayRead), /^PlatformError: .*start node with --allow-addons/);
});

test('without the permission for the inspector, the error names --allow-inspector', async () => {
  const words = await says(undefined, ...mayRead, '--allow-addons');
  assert.match(words, /^SerializationError: .*V8's inspector, which .*permission model.*--allow-inspector/);
});

test('where sockets are not allowed, the error names --allow-net', {
  skip: process.allowedNodeEnvironmentFlags.has('--allow-net') ? false : 'this Node does not ask for that',
}, async () => {
  writeFileSync(
    `${folder}/pool.mjs`,
    // Node takes its own standard output, a pipe, for a socket too.
    `import { writeSync } from 'node:fs';
import { Pool } from 'multiproc';
try { await new Pool(1).map(Math.sqrt, [4]); } catch (error) { writeSync(1, error.name + ': ' + error.message); }
process.exit();`,
  );
  const { stdout } = await run(process.execPath, [...mayRead, '--allow-addons', 'pool.mjs'], { cwd: folder });
  assert.match(stdout, /^PlatformError: .*permission model.*start node with --allow-net/);
});

test('where files may not be so large, the error names ulimit -f', async () => {
  const { stdout } = await run('bash', ['-c', 'ulimit -f 100000; exec "$0" "$@"', process.execPath, program], {
    cwd: folder,
  });
  assert.match(stdout, /^PlatformError: .*\(ulimit -f\)/);
});

test('where all descriptors are in use, the error names ulimit -n', async () => {
  writeFileSync(
    `${folder}/open.mjs`,
    `import { openSync } from 'node:fs';
import { Pool, setSpareProcesses } from 'multiproc';
setSpareProcesses(0);
const pool = new Pool(1);
await pool.map(Math.sqrt, [4]);
pool.close();
await pool.join();
try { for (;;) openSync('/dev/null'); } catch {}
try { await new Pool(1).map(Math.sqrt, [4]); } catch (error) { console.log(error.name + ': ' + error.message); }
process.exit();`,
  );
  const { stdout } = await run('bash', ['-c', 'ulimit -n 64; exec "$0" open.mjs', process.execPath], { cwd: folder });
  assert.match(stdout, /^(Platform|Process)Error: .*EMFILE.*\(ulimit -n\)/);
});

test('where there is too little address space, the error names ulimit -v', async (t) => {
  const limited = (...args: readonly string[]) =>
    run('bash', ['-c', 'ulimit -v 1048576; exec "$0" "$@"', process.execPath, ...args], {
      cwd: folder,
      env: environment('native'),
    });
  if (!(await limited('-e', '0').then(Boolean, () => false))) return t.skip('this Node itself needs more than 1 GiB');
  const { stdout } = await limited(program);
  assert.match(stdout, /^PlatformError: .*out of address space \(ulimit -v\)/);
});
