// Runs the compiled tests with node:test: `npm test`, or `npm test -- queue` for the files whose path holds "queue".
// TEST_NODE names another Node to run them with. Tests whose name begins with "disturbed" run with the library that has points
// (scripts/disturbed.mjs).
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

const wanted = process.argv.slice(2);
const files = readdirSync('build/test', { recursive: true })
  .map((name) => `build/test/${name}`)
  .filter((name) => name.endsWith('.test.js') && wanted.every((word) => name.includes(word)))
  .map((name) => (/\/disturbed[\w-]*\.test\.js$/.test(name) ? name.replace('build', 'build/disturbed/build') : name))
  .sort();
if (files.length === 0) {
  console.error(`No test file has ${wanted.join(' and ')} in its path.`);
  process.exit(1);
}
const node = process.env.TEST_NODE ?? process.execPath;
const log = `${tmpdir()}/multiproc-test-${process.pid}.tap`;
const minutes = process.env.TEST_LONG === '1' ? 120 : 10;
const options = ['--test', '--test-concurrency=2', `--test-timeout=${minutes * 60_000}`];
const reporters = [
  ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
  ...['--test-reporter=tap', `--test-reporter-destination=${log}`],
];
const { status } = spawnSync(node, [...options, ...reporters, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
// After a failure the spec reporter ends with the failures: have the counts come last in any case.
if (status !== 0)
  console.log(
    readFileSync(log, 'utf8')
      .match(/^# (tests|suites|pass|fail|cancelled|skipped|todo) .*$/gm)
      ?.join('\n'),
  );
rmSync(log, { force: true });
process.exit(status ?? 1);
