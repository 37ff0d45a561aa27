// In a single executable application, `process.execPath` is the program itself: a child would be the whole program again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, test } from 'node:test';

const folder = resolve(`build/single-executable-${process.pid}`);
after(() => rmSync(folder, { recursive: true, force: true }));

const help = spawnSync(process.execPath, ['--help'], { encoding: 'utf8' }).stdout;
const skip = help.includes('--build-sea') ? false : 'this Node makes none by itself';

test('in a single executable a process is refused, and a thread works', { skip }, () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    `${folder}/program.cjs`,
    `const { appendFileSync } = require('node:fs');
    appendFileSync(${JSON.stringify(`${folder}/runs`)}, 'run ');
    const multiproc = require('node:module').createRequire(${JSON.stringify(`${folder}/`)})('multiproc');
    const { Pool, Process, ThreadPool, setStartMethod } = multiproc;
    (async () => {
      try {
        new Process({ target: () => 1 }).start();
      } catch (error) {
        console.log(error.name, error.message);
      }
      const pool = new Pool(1);
      await pool.apply(() => 1).catch((error) => console.log(error.name, error.message));
      pool.terminate();
      const threads = new ThreadPool(1);
      console.log(await threads.apply((n) => n + 1, [1]));
      threads.terminate();
    })();`,
  );
  const config = { main: `${folder}/program.cjs`, output: `${folder}/program`, disableExperimentalSEAWarning: true };
  writeFileSync(`${folder}/config.json`, JSON.stringify(config));
  const built = spawnSync(process.execPath, ['--build-sea', `${folder}/config.json`], { encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  const { stdout, stderr } = spawnSync(`${folder}/program`, {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const lines = stdout.split('\n');
  assert.match(lines[0] ?? '', /^PlatformError .*getContext\('thread'\)/, stderr);
  assert.match(lines[1] ?? '', /^PlatformError .*getContext\('thread'\)/, stderr);
  assert.equal(lines[2], '2', stderr);
  assert.equal(readFileSync(`${folder}/runs`, 'utf8'), 'run ');
});
