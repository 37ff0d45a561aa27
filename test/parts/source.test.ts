// The source can be run as it is, by tools that compile TypeScript when it is loaded: nothing in it counts on having been built.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { folderWith } from '../folder.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const program = `
import multiproc from ${JSON.stringify(pathToFileURL(`${root}src/doors/multiproc.ts`).href)};
const { Pool, Process, Queue } = multiproc;
const queue = new Queue<number>();
const child = new Process({ target: () => queue.put(7) });
child.start();
const got: number = await queue.get();
await child.join();
const pool = new Pool(1);
const doubled = await pool.map((x: number) => 2 * x, [1, 2]);
pool.close();
await pool.join();
console.log(JSON.stringify([got, child.exitCode, doubled]));
`;

test('processes and pools work from the source', { timeout: 120_000 }, () => {
  const file = `${folderWith({ 'program.mts': program })}/program.mts`;
  const tsx = pathToFileURL(`${root}node_modules/tsx/dist/loader.mjs`).href;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, file], { encoding: 'utf8' });
  assert.equal(stdout, '[7,0,[2,4]]\n', stderr);
});
