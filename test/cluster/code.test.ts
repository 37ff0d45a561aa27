// Functions go to hosts that do not have the project: each host and each program has a folder of its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Pool } from 'multiproc';
import { hashOf, readManifest } from '#dist/cluster/code/manifest.js';
import { type Files, Machines, temporaryOf } from './code-project.ts';
import { skip } from './redis-server.ts';

/** Begins a program whose last line says what came of it. */
const begin = `
  import { Pool } from 'multiproc';
  const pool = new Pool({ cluster: JSON.parse(process.env.CLUSTER) });
  const end = async (value) => { pool.terminate(); await pool.join(); console.log(JSON.stringify(value)); };
  const failure = (promise) => promise.then(() => undefined, (error) => ({ name: error.name, code: error.code, message: error.message, hosts: error.hosts, stack: error.stack }));
`;
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly hosts?: readonly { readonly host: string; readonly why: string }[];
}

/** A program with a file that its task needs. */
const smallest: Files = {
  'package.json': '{}',
  'lib.mjs': 'export const one = () => 1;',
  'main.mjs': `${begin}
    import { one } from './lib.mjs';
    await end(await pool.apply(one));
  `,
};

const work: Files = {
  'package.json': '{ "name": "app", "type": "module" }',
  'lib/work.mjs': `
    import data from '#data';
    import { double } from './double.js';
    import old from '../old/index.cjs';
    let calls = 0;
    export const count = () => ++calls;
    export const where = () => import.meta.url;
    export const work = async (n) => [double(n), data.answer, old(), (await import('./late.mjs')).late, count()];
    export class Point { constructor(x) { this.x = x; } get twice() { return double(this.x); } }
    export const fail = () => { throw new TypeError('no'); };
  `,
  'lib/double.js': 'export const double = (n) => 2 * n;',
  'lib/late.mjs': "export const late = 'late';",
  'lib/note.txt': 'a note',
  'old/index.cjs':
    "const { old } = require('./data'); const { join } = require('path'); module.exports = () => old + join('a', 'b');",
  'old/data.json': '{ "old": "old " }',
  'data.cjs': 'exports.answer = 42;',
  'secret.mjs': "export const secret = 'no sent function uses it';",
};
const withImports = {
  ...work,
  'package.json': '{ "name": "app", "type": "module", "imports": { "#data": "./data.cjs" } }',
};

describe('code of functions on hosts', { skip, timeout: 300_000 }, () => {
  const machines = new Machines();
  after(() => machines.end());

  const main: Files = {
    ...withImports,
    'main.mjs': `${begin}
      import { readFile } from 'node:fs/promises';
      import { work, where, count, fail, Point } from './lib/work.mjs';
      const plus = async (n) => {
        const { late } = await import('./lib/late.mjs');
        return [await work(n), late, await readFile(new URL('./lib/note.txt', import.meta.url), 'utf8')];
      };
      const first = await pool.apply(plus, [4]);
      const eight = new Point(8);
      const sent = await pool.apply(() => eight.twice + new Point(1).twice);
      const back = await pool.apply((n) => [work, n], [1]);
      const url = await pool.apply(where);
      const failed = await failure(pool.apply(fail));
      await end({ first, sent, back: back[0] === work, url, stack: failed.stack });
    `,
  };
  const expected = { first: [[8, 42, `old a/b`, 'late', 1], 'late', 'a note'], sent: 18, back: true };

  test('a host without the project runs its functions, with the files that they use, and stacks show where these are in the program', async () => {
    const program = machines.project(main, true);
    const { child, temporary } = await machines.host('without', machines.project({}));
    const { url, stack, ...rest } = (await machines.run('without', program)) as { url: string; stack: string };
    assert.deepEqual(rest, expected);
    assert.ok(url.startsWith(pathToFileURL(temporary).href), url);
    assert.match(stack, new RegExp(`^TypeError: no\\n +at fail \\(${pathToFileURL(program).href}/lib/work.mjs:10:`));
    const [folder] = readdirSync(temporary).filter((name) => name.startsWith('multiproc-code-'));
    assert.equal(statSync(`${temporary}/${folder}`).mode & 0o777, 0o700);
    const files = readdirSync(`${temporary}/${folder}/files`);
    assert.ok(files.length >= 8);
    for (const file of files) assert.equal(statSync(`${temporary}/${folder}/files/${file}`).mode & 0o777, 0o400);
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith('multiproc-code-')),
      [],
    );
  });

  test('a host with equal files uses its own, and one with an older copy uses those of the program', async () => {
    const program = machines.project(main, true);
    const equal = machines.project(withImports);
    const { child } = await machines.host('equal', equal);
    const { url, stack, ...rest } = (await machines.run('equal', program)) as { url: string; stack: string };
    assert.deepEqual(rest, expected);
    assert.equal(url, pathToFileURL(`${equal}/lib/work.mjs`).href);
    assert.match(stack, new RegExp(`at fail \\(${pathToFileURL(program).href}/lib/work.mjs:10:`));
    child.kill('SIGTERM');
    await once(child, 'exit');
    // Only links went.
    assert.ok(existsSync(`${equal}/lib/work.mjs`));
    const older = machines.project({ ...withImports, 'lib/double.js': 'export const double = (n) => 3 * n;' });
    const { temporary } = await machines.host('older', older);
    const second = (await machines.run('older', program)) as { url: string };
    assert.deepEqual(second, { ...second, ...expected });
    assert.ok(second.url.startsWith(pathToFileURL(temporary).href), second.url);
  });

  test('packages are those of the host, and a host that lacks one, or has another major version, refuses the pool', async () => {
    const dependency = (version: string, where: string) => ({
      'node_modules/dep/package.json': `{ "name": "dep", "version": "${version}", "main": "index.js" }`,
      'node_modules/dep/index.js': `exports.where = () => '${where}';`,
    });
    const program = machines.project(
      {
        ...dependency('1.2.3', 'program'),
        'package.json': '{ "type": "module" }',
        'lib.mjs': "import { where } from 'dep'; export const whose = () => where();",
        'main.mjs': `${begin}
          import { where } from 'dep';
          import { whose } from './lib.mjs';
          const { host } = process.env;
          if (host === undefined) await end([await pool.apply(whose), await pool.apply(where), await pool.apply(() => where())]);
          else await end([await failure(pool.apply(whose)), await failure(pool.apply(() => 1))]);
        `,
      },
      true,
    );
    await machines.host('packages', machines.project({}), ['--name', 'lacks']);
    const refused = async (namespace: string) =>
      (await machines.run(namespace, program, 'main.mjs', { host: 'lacks' })) as Failure[];
    const [lacks] = await refused('packages');
    assert.equal(lacks?.name, 'PlacementError');
    assert.match(lacks.hosts![0]!.host, /^lacks-/);
    assert.match(lacks.hosts![0]!.why, /^it lacks the package dep 1\.2\.3, which lib\.mjs uses: install it in \//);
    await machines.host('major', machines.project(dependency('2.0.0', 'other')));
    const [other] = await refused('major');
    assert.match(other!.hosts![0]!.why, /^it has dep 2\.0\.0, and lib\.mjs uses dep 1\.2\.3: install that/);
    await machines.host('packages', machines.project(dependency('1.9.0', 'host')));
    assert.deepEqual(await machines.run('packages', program), ['host', 'host', 'host']);
  });

  test('a file that was changed in the server is refused: nothing of it is decoded or written', async () => {
    const lib = 'export const one = () => 1;';
    const program = machines.project(
      {
        'package.json': '{ "type": "module" }',
        'lib.mjs': lib,
        'main.mjs': `${begin}
          import { one } from './lib.mjs';
          await end(await failure(pool.apply(one)));
        `,
      },
      true,
    );
    const server = await machines.server();
    for (const what of ['lib', 'manifest', 'moved'] as const) {
      const running = machines.run(what, program);
      const keys = async () => (await server.list('KEYS', `mp:${what}:b:*`)).map(String);
      // Its package.json, its module and their manifest.
      while ((await keys()).length < 3) await setTimeout(10);
      const sealed = 29;
      const sizes = new Map<string, number>();
      for (const each of await keys())
        sizes.set(each, Number((await server.command('STRLEN', each)).slice(1)) - sealed);
      const chosen = [...sizes].find(([, size]) => (what === 'manifest' ? size > 100 : size === lib.length))![0];
      const value = Buffer.from((await server.command('GET', chosen)).replace(/^\$\d+\r\n/, ''), 'latin1');
      value[20]! ^= 1;
      const others = (await keys()).filter((each) => each !== chosen);
      if (what === 'moved') await server.command('COPY', others[0]!, chosen, 'REPLACE');
      else await server.command('SET', chosen, value, 'KEEPTTL');
      const { temporary } = await machines.host(what, machines.project({}));
      const failed = (await running) as Failure;
      assert.equal(failed.name, 'AuthenticationError', failed.message);
      const hash = chosen.slice(`mp:${what}:b:`.length);
      const written = readdirSync(temporary, { recursive: true }).map(String);
      assert.equal(
        written.some((name) => name.includes(hash) || name.endsWith('lib.mjs')),
        false,
      );
    }
  });

  test("with ship: 'never' a host needs equal files, and a function by value needs none; a host with --no-ship takes none", async () => {
    const files = { 'package.json': '{ "type": "module" }', 'lib.mjs': 'export const one = () => 1;' };
    const text = (ship: string) => `
      import { Pool } from 'multiproc';
      import { one } from './lib.mjs';
      const pool = new Pool({ cluster: { ...JSON.parse(process.env.CLUSTER), code: { ship: '${ship}' } } });
      const why = (promise) => promise.catch((error) => error.hosts?.map(({ why }) => why) ?? error.message);
      const all = [await why(pool.apply(() => import.meta.url && 'by value')), await why(pool.apply(one))];
      pool.terminate();
      await pool.join();
      console.log(JSON.stringify(all));
    `;
    const program = machines.project({ ...files, 'main.mjs': text('never'), 'auto.mjs': text('auto') }, true);
    const root = machines.project({ ...files, 'lib.mjs': 'export const one = () => 2;' });
    await machines.host('never', root);
    const whose = (whose: string) => ['by value', [`it has another lib.mjs below ${root}, and ${whose}`]];
    assert.deepEqual(await machines.run('never', program), whose('the program does not send its files'));
    await machines.host('no-ship', root, ['--no-ship']);
    assert.deepEqual(await machines.run('no-ship', program, 'auto.mjs'), whose('the host takes no files'));
    await machines.host('never', machines.project(files));
    assert.deepEqual(await machines.run('never', program), ['by value', 1]);
  });

  test('what cannot travel is refused in the call, and the error says what to do', async () => {
    const program = machines.project(
      {
        'package.json': '{ "type": "module" }',
        'main/package.json': '{ "type": "module" }',
        'beside.mjs': 'export const beside = () => 1;',
        'main/.hidden.mjs': 'export const hidden = () => 1;',
        'main/addon.cjs': "exports.addon = () => 1; try { require('./native.node'); } catch {}",
        'main/native.node': '',
        'main/alias.mjs': "import { nothing } from '@/nothing'; export const alias = () => nothing;",
        'main/nothing.mjs': 'export const nothing = 1;',
        'main/large.mjs': "export const large = () => new URL('./large.txt', import.meta.url);",
        'main/large.txt': ' '.repeat(16 * 2 ** 20 + 1),
        'loader.mjs':
          "import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(`export const resolve = (name, context, next) => next(name.replace('@/', './') + (name.startsWith('@/') ? '.mjs' : ''), context);`));",
        'main/main.mjs': `${begin}
          import { beside } from '../beside.mjs';
          import { hidden } from './.hidden.mjs';
          import { addon } from './addon.cjs';
          import { alias } from './alias.mjs';
          import { large } from './large.mjs';
          const why = (fn) => pool.apply(fn).catch((error) => error.name + ': ' + error.message);
          await end(await Promise.all([() => beside(), hidden, addon, alias, large].map(why)));
        `,
      },
      true,
    );
    const options = ['--import', `${program}/loader.mjs`];
    const all = (await machines.run('refused', program, 'main/main.mjs', {}, options)) as string[];
    const [outside, hidden, native, alias, large] = all;
    assert.match(
      outside!,
      /^SerializationError: Cannot send fn → beside: a function uses \S*\/beside\.mjs, which stands outside of .*code: \{ root \}/,
    );
    assert.match(hidden!, /and \.hidden\.mjs does not travel: its name begins with a dot/);
    assert.match(native!, /native\.node is a native addon/);
    assert.match(alias!, /alias\.mjs imports "@\/nothing", which only a loader of this program can find/);
    assert.match(large!, /large\.txt has 16777217 bytes, and a file of the program may have 16777216/);
  });

  test("the packages of a program's own workspaces travel, and tasks start local pools and pools of the cluster with its modules", async () => {
    const program = machines.project(
      {
        'package.json': '{ "workspaces": ["packages/*"] }',
        'packages/tools/package.json': '{ "name": "@own/tools", "exports": { "./twice": "./twice.mjs" } }',
        'packages/tools/twice.mjs': 'export const twice = (n) => 2 * n;',
        'packages/app/package.json': '{ "type": "module" }',
        'packages/app/work.js': "import { twice } from '@own/tools/twice'; export const work = (n) => twice(n) + 1;",
        'packages/app/main.mjs': `
          import { Pool } from 'multiproc';
          import { work } from './work.js';
          const cluster = { ...JSON.parse(process.env.CLUSTER), code: { root: new URL('../..', import.meta.url).pathname } };
          const pool = new Pool({ cluster });
          const within = async (options) => {
            const inner = new Pool(options);
            try { return await inner.map(work, [1, 2]); } finally { inner.terminate(); await inner.join(); }
          };
          const { code, ...rest } = cluster;
          console.log(JSON.stringify([await pool.apply(work, [5]), await pool.apply(within, [{ processes: 1 }]), await pool.apply(within, [{ cluster: rest }])]));
          pool.terminate();
          await pool.join();
        `,
      },
      true,
    );
    mkdirSync(`${program}/node_modules/@own`);
    symlinkSync(`${program}/packages/tools`, `${program}/node_modules/@own/tools`);
    await machines.host('workspaces', machines.project({}));
    assert.deepEqual(await machines.run('workspaces', program, 'packages/app/main.mjs'), [11, [3, 5], [3, 5]]);
  });

  test('the folder of a host that was killed goes when it is old, and files that the server has lost are written again', async () => {
    const program = machines.project(smallest, true);
    const root = machines.project({});
    const { child } = await machines.host('gone', root);
    const folders = () => readdirSync(temporaryOf(root)).filter((name) => name.startsWith('multiproc-code-'));
    assert.equal(await machines.run('gone', program), 1);
    const [old] = folders();
    // The host itself, which the command has started: the folder is named for it.
    process.kill(Number(old!.split('-')[2]), 'SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(folders(), [old]);
    mkdirSync(`${temporaryOf(root)}/multiproc-code-${process.pid}-living`);
    for (const name of folders()) utimesSync(`${temporaryOf(root)}/${name}`, 0, 0);
    const server = await machines.server();
    const running = machines.run('again', program);
    const keys = async () => (await server.list('KEYS', 'mp:again:b:*')).map(String);
    while ((await keys()).length < 3) await setTimeout(10);
    await server.command('DEL', ...(await keys()));
    while ((await keys()).length < 3) await setTimeout(10);
    await machines.host('again', root);
    assert.equal(await running, 1);
    const left = folders();
    assert.equal(left.length, 2);
    assert.ok(!left.includes(old!) && left.includes(`multiproc-code-${process.pid}-living`));
  });

  for (const lease of ['2s', '300ms']) {
    test(`a host with a lease of ${lease} waits for a file that the server has lost, and that the program writes again within a lease of its own`, async () => {
      const program = machines.project(smallest, true);
      const server = await machines.server();
      const watcher = connect(server.socket);
      let seen = '';
      watcher.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
      watcher.write('MONITOR\r\n');
      const space = `late-${lease}`;
      const running = machines.run(space, program);
      const keys = async () => (await server.list('KEYS', `mp:${space}:b:*`)).map(String);
      while ((await keys()).length < 3) await setTimeout(10);
      const host = machines.host(space, machines.project({}), ['--lease', lease]);
      // The host asks while they are gone.
      for (let asked = Number.POSITIVE_INFINITY; performance.now() < asked + 500; ) {
        const gone = await keys();
        if (gone.length > 0) await server.command('DEL', ...gone);
        if (asked === Number.POSITIVE_INFINITY && seen.toLowerCase().includes(`"get" "mp:${space}:b:`))
          asked = performance.now();
      }
      watcher.destroy();
      await host;
      assert.equal(await running, 1);
    });
  }

  test('a manifest that leads out of the root, or is too large, is no manifest', () => {
    const hash = hashOf(new Uint8Array());
    const whole = { files: [], packages: [], folders: [], links: [], usesLibrary: false };
    const read = (manifest: object) => readManifest(Buffer.from(JSON.stringify({ ...whole, ...manifest })));
    assert.deepEqual(read({ files: [{ path: 'a/b.js', hash, size: 0 }] }).files[0]?.path, 'a/b.js');
    for (const path of ['', '/etc/x', '../x', 'a/../../x', 'a//b', './a', 'node_modules/x/a.js', 'a\\b', 'a\0']) {
      assert.throws(() => read({ files: [{ path, hash, size: 0 }] }), /damaged/, path);
      if (path !== '') assert.throws(() => read({ folders: [path] }), /damaged/, path);
    }
    assert.throws(() => read({ files: [{ path: 'a', hash: '../../x', size: 0 }] }), /damaged/);
    assert.throws(() => read({ files: [{ path: 'a', hash, size: 17 * 2 ** 20 }] }), /damaged/);
    assert.throws(() => read({ files: Array(7).fill({ path: 'a', hash, size: 16 * 2 ** 20 }) }), /damaged/);
    assert.equal(
      read({ limit: 2 ** 27, files: Array(7).fill({ path: 'a', hash, size: 16 * 2 ** 20 }) }).files.length,
      7,
    );
    assert.throws(() => read({ files: Array(10_001).fill({ path: 'a', hash, size: 1 }) }), /too many files/);
    for (const name of ['../x', 'a/b', '@a', '.x'])
      assert.throws(() => read({ links: [[name, 'a']] }), /damaged/, name);
  });

  test('options of code that make no sense throw', () => {
    const make = (code: object) => () =>
      new Pool({ cluster: { url: 'unix:/nowhere', key: 'a key of the tests', code } });
    assert.throws(make({ ship: 'always' }), {
      name: 'TypeError',
      message: "code.ship must be 'auto' or 'never', not \"always\"",
    });
    assert.throws(make({ root: '/nowhere' }), {
      name: 'TypeError',
      message: 'code.root must be a folder, and /nowhere is none.',
    });
    assert.throws(make({ files: [] }), TypeError);
    assert.throws(make({ include: 'data' }), TypeError);
    assert.throws(make({ include: [''] }), TypeError);
    assert.throws(make({ include: ['../data'] }), {
      name: 'TypeError',
      message: /\.\.\/data, which stands outside of code\.root/,
    });
    assert.throws(make({ include: ['no such folder'] }), {
      name: 'TypeError',
      message: /names no such folder, and there is no /,
    });
    assert.throws(make({ limit: 0 }), RangeError);
    assert.throws(make({ limit: '1 MiB' }), TypeError);
  });

  test('TypeScript travels as it is, to hosts that run it', async () => {
    const tsx = import.meta.resolve('tsx');
    const program = machines.project(
      {
        'package.json': '{ "type": "module" }',
        'lib/kinds.ts': 'export interface Kind { name: string }',
        'lib/work.ts':
          "import type { Kind } from './kinds.js'; import { two } from './two.js'; export const work = (kind: Kind): string => kind.name + two(); export const fail = (): never => {\n\n throw new Error('no'); };",
        'lib/two.ts': 'enum Two { TWO = 2 } export const two = (): number => Two.TWO;',
        'main.ts': `${begin.replace('(promise)', '(promise: any): any').replace('value)', 'value: unknown)').replace('error)', 'error: any)')}
          import { work, fail } from './lib/work.js';
          const failed = await failure(pool.apply(fail));
          await end(failed.hosts?.[0].why ?? [await pool.apply(work, [{ name: 'a' }]), failed.stack]);
        `,
      },
      true,
    );
    await machines.host('typescript', machines.project({}), ['--import', tsx]);
    const [result, stack] = (await machines.run('typescript', program, 'main.ts', {}, ['--import', tsx])) as string[];
    assert.equal(result, 'a2');
    assert.match(stack!, new RegExp(`at fail \\((file://)?${program}/lib/work.ts:3:8\\)`));
    const { features } = process as { features: { typescript?: unknown } };
    if (features.typescript) return;
    await machines.host('javascript', machines.project({}));
    assert.match(
      String(await machines.run('javascript', program, 'main.ts', {}, ['--import', tsx])),
      /^it cannot run lib\/.*\.ts: start its worker with --import tsx$/,
    );
  });

  test('an initializer and the tasks of a pool have one instance of a module, and no key stays when all have ended', async () => {
    const program = machines.project(
      {
        'package.json': '{}',
        'state.js': 'let state = 0; exports.set = (n) => { state = n; }; exports.get = () => state;',
        'begin.js': "const { set } = require('./state.js'); module.exports = { begin: (n) => set(n) };",
        'end.js': "const { get } = require('./state.js'); module.exports = { read: () => get() };",
        'main.cjs': `
          const { Pool } = require('multiproc');
          const { begin } = require('./begin.js');
          const { read } = require('./end.js');
          const pool = new Pool({ cluster: JSON.parse(process.env.CLUSTER), initializer: begin, initargs: [7] });
          const inside = () => [require('./end.js').read(), require('./package.json')];
          (async () => {
            const all = [await pool.apply(read), await pool.apply(inside)];
            pool.close();
            await pool.join();
            console.log(JSON.stringify(all));
          })();
        `,
      },
      true,
    );
    // The files of the initializer are equal, those of the task are not.
    const root = machines.project({
      'package.json': '{}',
      'state.js': 'let state = 0; exports.set = (n) => { state = n; }; exports.get = () => state;',
      'begin.js': "const { set } = require('./state.js'); module.exports = { begin: (n) => set(n) };",
    });
    await machines.host('state', root);
    assert.deepEqual(await machines.run('state', program, 'main.cjs'), [7, [7, {}]]);
    const server = await machines.server();
    while ((await server.list('KEYS', 'mp:state:b:*')).length > 0) await setTimeout(50);
  });
});
