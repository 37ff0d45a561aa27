import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, test } from 'node:test';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/coverage-${process.pid}`);
mkdirSync(folder);
after(() => rmSync(folder, { recursive: true }));

test('coverage of children: what is sent by value is left out, what goes by reference counts', () => {
  const program = `
import { Process } from 'multiproc';
import { exported } from './lib.mjs';
const onlyInChild = (n) => n + 1;
const child = new Process({ target: () => { if (onlyInChild(exported(1)) !== 3) throw new Error('wrong'); } });
child.start();
await child.join();
console.log(child.exitCode);`;
  writeFileSync(`${folder}/app.mjs`, program);
  writeFileSync(`${folder}/lib.mjs`, 'export function exported(n) { return n + 1; }');
  const env = { ...process.env, NODE_V8_COVERAGE: `${folder}/coverage` };
  const { stdout, stderr } = spawnSync(process.execPath, [`${folder}/app.mjs`], { env, encoding: 'utf8' });
  assert.equal(stdout, '0\n', stderr);
  type Report = { result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[] };
  const seen = readdirSync(`${folder}/coverage`).flatMap((file) => {
    const report: Report = JSON.parse(readFileSync(`${folder}/coverage/${file}`, 'utf8'));
    return report.result.filter(({ url }) => url.startsWith(`file://${folder}`));
  });
  const counts = (name: string) =>
    seen.flatMap(({ functions }) =>
      functions.filter((it) => it.functionName === name).map((it) => it.ranges[0]?.count),
    );
  assert.deepEqual(counts('onlyInChild'), [0], 'of the parent alone');
  assert.ok(counts('exported').includes(1));
});
