// Programs in which something that the library stands on is missing: the words say what, and what to do.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { folderWith } from '../folder.ts';

const run = promisify(execFile);
const folder = folderWith();

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

/** Preloaded: koffi as it is where the engine shows no memory of the system. */
const forbids = `${folder}/forbids.cjs`;
writeFileSync(
  forbids,
  `const { dlopen } = process;
process.dlopen = (module, path, ...rest) => {
  dlopen(module, path, ...rest);
  if (module.exports.view === undefined) return;
  module.exports = { ...module.exports, view() { throw new Error('External buffers are not allowed'); } };
};`,
);

test('where the engine shows no memory of the system, as in Electron, threads work, and the error of processes says so', async () => {
  assert.equal(await says(undefined, '--require', forbids), 'works: portable\n');
  const words = await says('native', '--require', forbids);
  assert.match(words, /^PlatformError: .*External buffers are not allowed/);
});

/** Runs a closure in a pool, and prints on what platform. */
const asking = `${folder}/asking.mjs`;
writeFileSync(
  asking,
  `import { Pool, platformInfo } from 'multiproc';
const factor = 6;
try {
  const pool = new Pool(1);
  const [answer] = await pool.map((n) => n * factor, [7]);
  pool.close();
  await pool.join();
  console.log(JSON.stringify({ ...platformInfo(), answer }));
} catch (error) { console.log(error.name + ': ' + error.message); }
process.exit();`,
);
const refusing = resolve('build/test/platform/fixtures/refusing.js');

for (const call of ['memfd_create', 'mmap']) {
  test(`where the kernel refuses ${call}, a pool has threads, and platformInfo() and the error of processes name the call`, async (t) => {
    const asked = async (wish: 'native' | undefined) =>
      await run(process.execPath, [refusing, call, process.execPath, asking], { cwd: folder, env: environment(wish) });
    try {
      const { platform, processes, why, answer } = JSON.parse((await asked(undefined)).stdout);
      assert.deepEqual({ platform, processes, answer }, { platform: 'portable', processes: false, answer: 42 });
      assert.match(why, new RegExp(`^${call} .*EPERM.*\\(seccomp\\)`));
    } catch (error) {
      if ((error as { code?: unknown }).code === 77) return t.skip('this kernel takes no seccomp filter');
      throw error;
    }
    assert.match((await asked('native')).stdout, new RegExp(`^PlatformError: ${call} .*EPERM.*\\(seccomp\\)`));
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

test('where files may not be so large, a pool has threads, and platformInfo() and the error of processes name ulimit -f', async () => {
  const limited = async (wish: 'native' | undefined) => {
    const command = ['-c', 'ulimit -f 100000; exec "$0" "$@"', process.execPath, asking];
    return (await run('bash', command, { cwd: folder, env: environment(wish) })).stdout;
  };
  const { platform, why, answer } = JSON.parse(await limited(undefined));
  assert.deepEqual({ platform, answer }, { platform: 'portable', answer: 42 });
  assert.match(why, /\(ulimit -f\)/);
  assert.match(await limited('native'), /^PlatformError: .*\(ulimit -f\)/);
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

test('where there is too little address space, the error names ulimit -v on either platform', async (t) => {
  const limited = async (wish: 'native' | undefined, ...args: readonly string[]) => {
    const command = ['-c', 'ulimit -v 1500000; exec "$0" "$@"', process.execPath, ...args];
    return (await run('bash', command, { cwd: folder, env: environment(wish) })).stdout;
  };
  if ((await limited(undefined, '-p', '0').catch(String)) !== '0\n') return t.skip('this Node itself needs more');
  assert.match(await limited('native', program), /^PlatformError: .*out of address space \(ulimit -v\)/);
  assert.match(await limited(undefined, program), /^PlatformError: .*address space.*\(ulimit -v\)/);
});

test('the portable platform leaves threads enough of a limited address space', async () => {
  const command = ['-c', 'ulimit -v 4000000; exec "$0" "$@"', process.execPath, asking];
  const env = { ...process.env, MULTIPROC_PLATFORM: 'portable' };
  const { stdout } = await run('bash', command, { cwd: folder, env });
  assert.match(stdout, /"answer":42/);
});
