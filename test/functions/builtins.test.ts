// Node 22 and later make most globals at the first look, and load up to a hundred modules for it: undici alone takes 20 ms.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

function run(program: string, limit = ''): unknown {
  const args = [
    '-c',
    `${limit}exec "$0" "$@"`,
    process.execPath,
    '--no-warnings',
    '--input-type=module',
    '-e',
    program,
  ];
  return JSON.parse(execFileSync('bash', args, { encoding: 'utf8', timeout: 120_000 }));
}

test('looking for what is built in loads no module of Node, whichever modules the program has loaded', () => {
  const loading = run(`
    import { builtinModules } from 'node:module';
    import { builtinAddress } from '#dist/functions/builtin-references.js';
    const list = process.moduleLoadList;
    const small = 'NativeModule internal/worker/clone_dom_exception';
    const loading = [];
    const look = (what, value) => {
      const before = list.length;
      builtinAddress(value);
      if (list.slice(before).some((name) => name !== small)) loading.push(\`\${what} loads \${list.slice(before)}\`);
    };
    look('Math.sqrt', Math.sqrt);
    look('data', {});
    for (const name of builtinModules) {
      if (name.startsWith('_') || name === 'sys' || name === 'punycode') continue;
      process.getBuiltinModule(name);
      look(\`data, after \${name},\`, {});
    }
    console.log(JSON.stringify(loading));`);
  assert.deepEqual(loading, []);
});

test('what Node has made late is found: classes, their methods, and objects', () => {
  const addresses = run(`
    import { builtinAddress } from '#dist/functions/builtin-references.js';
    builtinAddress({});
    const made = [Headers, Headers.prototype.get, ReadableStream, Performance.prototype.now, CompressionStream, crypto, File, MessagePort];
    console.log(JSON.stringify(made.map((value) => builtinAddress(value)?.path.join('.'))));`);
  const names =
    'Headers Headers.prototype.get ReadableStream Performance.prototype.now CompressionStream crypto File MessagePort';
  assert.deepEqual(addresses, names.split(' '));
});

const sends = (program: string) => `
    import { Pool, Queue } from 'multiproc';
    const pool = new Pool(1);
    const result = await (async () => { ${program} })();
    const isLoaded = process.moduleLoadList.includes('NativeModule internal/deps/undici/undici');
    console.log(JSON.stringify([result, isLoaded]));
    pool.terminate();
    await pool.join();`;

test('a built-in function is sent without undici, also with 6 GB of address space', () => {
  const program = sends('return pool.apply(Math.sqrt, [4]);');
  assert.deepEqual(run(program, 'ulimit -v 6000000; '), [2, false]);
});

test('a function that uses Headers, and an object of a class named Request, are sent without undici', () => {
  const program = sends(`
    const queue = new Queue();
    class Request { n = 1; }
    await queue.put(new Request());
    const { n } = await queue.get();
    return [n, await pool.apply((name) => new Headers({ [name]: 'b' }).get(name), ['a'])];`);
  assert.deepEqual(run(program), [[1, 'b'], false]);
});

test('what a program puts on the global object is not built in', () => {
  const program = sends(`
    globalThis.atLeastThree = Math.max.bind(null, 3);
    return pool.apply(globalThis.atLeastThree, [2]);`);
  assert.deepEqual(run(program), [3, false]);
});

test('what a program defines on the global object as Node does is not built in, also when Node has loaded more modules since', () => {
  const program = sends(`
    await pool.apply(Math.sqrt, [4]);
    Object.defineProperty(globalThis, 'twice', { value: (x) => 2 * x, configurable: true });
    process.getBuiltinModule('node:dns');
    return pool.apply(globalThis.twice, [2]);`);
  assert.deepEqual(run(program), [4, false]);
});
