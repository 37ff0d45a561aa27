// Files that only computed names lead to go to hosts by `code.include`.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Files, Machines } from './code-project.ts';
import { skip } from './redis-server.ts';

describe('files that are included', { skip, timeout: 280_000 }, () => {
  const machines = new Machines();
  after(() => machines.end());

  test('with code.include files travel that only computed names lead to, also to a host that has all others', async () => {
    const code: Files = {
      'package.json': '{ "type": "module" }',
      'lib/plugins.mjs': 'export const run = async (name) => (await import("./plugins/" + name + ".mjs")).default();',
      'lib/plugins/one.mjs': "import { two } from '../two.mjs'; export default () => ['one', two];",
      'lib/two.mjs': "export const two = 'two';",
    };
    const data: Files = { 'data/words/a.txt': 'words', 'data/.secret': 'no', 'data/words/node_modules/x/a.js': 'no' };
    const program = machines.project(
      {
        ...code,
        ...data,
        'main.mjs': `
          import { Pool } from 'multiproc';
          import { run } from './lib/plugins.mjs';
          const cluster = JSON.parse(process.env.CLUSTER);
          const poolOf = (code) => new Pool({ cluster: { ...cluster, code } });
          const pool = poolOf({ include: ['lib/plugins', 'data'] });
          const read = async (name) => {
            const { readFile, readdir } = await import('node:fs/promises');
            const folder = new URL('./data/', import.meta.url);
            return [await readFile(new URL(name, folder), 'utf8'), await readdir(folder, { recursive: true })];
          };
          const found = [await pool.apply(run, ['one']), await pool.apply(read, ['words/a.txt'])];
          const without = poolOf({});
          const why = await without.apply(run, ['one']).catch((error) => error.code);
          const small = poolOf({ limit: 100 });
          const limited = await (async () => await small.apply(run, ['one']))().catch((error) => error.message);
          for (const each of [pool, without, small]) { each.terminate(); await each.join(); }
          console.log(JSON.stringify([found, why, limited]));`,
      },
      true,
    );
    for (const [n, own] of [{}, code].entries()) {
      await machines.host(`include${n}`, machines.project(own));
      const [found, why, limited] = (await machines.run(`include${n}`, program)) as [unknown, string, string];
      assert.deepEqual(found, [
        ['one', 'two'],
        ['words', ['words', 'words/a.txt']],
      ]);
      if (n === 0) assert.equal(why, 'ERR_MODULE_NOT_FOUND');
      assert.match(limited, /more than 10000 files or 100 bytes of the program: give .*limit/);
    }
  });
});
