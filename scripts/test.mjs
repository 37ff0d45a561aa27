// Runs the compiled tests with node:test: `npm test`, or `npm test -- queue` for the files whose path holds "queue".
// TEST_NODE names another Node to run them with. Tests whose name begins with "disturbed" run with the library that has points
// (scripts/disturbed.mjs).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

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
const minutes = process.env.TEST_LONG === '1' ? 120 : 5;
/** The number of lines of what failed that are printed once more at the end. */
const WHY = 40;
const totals = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };

// Compiled code that tests have kept goes with them.
const cache = mkdtempSync(`${tmpdir()}/multiproc-test-cache-`);
process.env.XDG_CACHE_HOME = cache;
process.on('exit', () => rmSync(cache, { recursive: true, force: true }));

/** Those that fail, with their counts and with what they said of it. */
const failed = new Map();
const began = performance.now();
// Tests of the cluster wait most of their time, so one of them runs beside two others.
const isOfCluster = (file) => file.includes('/cluster/');
const ofCluster = files.filter(isOfCluster);
const others = files.filter((file) => !isOfCluster(file));
await Promise.all([work(ofCluster), work(others, ofCluster), work(others, ofCluster)]);

// What fails beside others is run once more, alone. What passes then is named: it must be mended nevertheless.
const passedAlone = [];
for (const [file, { counts: before, why }] of failed.size <= 10 ? failed : []) {
  console.log(`\n=== Once more, alone: ${file}`);
  const { isGood, counts } = await run(file);
  if (!isGood) continue;
  passedAlone.push({ file, why });
  failed.delete(file);
  for (const name of Object.keys(totals)) totals[name] += counts[name] - before[name];
}
for (const { file, why } of passedAlone) console.log(`\n=== Failed beside others, and passed alone: ${file}\n${why}`);
if (failed.size > 0) console.log(`\nFailed: ${[...failed.keys()].join(' ')}`);
console.log(`\n${files.length} files in ${Math.round((performance.now() - began) / 1000)} s`);
for (const [name, count] of Object.entries(totals)) console.log(`# ${name} ${count}`);
process.exit(failed.size === 0 ? 0 : 1);

/** Runs the files of these queues, the first one first. */
async function work(...queues) {
  for (;;) {
    const file = queues.find((queue) => queue.length > 0)?.shift();
    if (file === undefined) return;
    const { isGood, ...found } = await run(file);
    for (const name of Object.keys(totals)) totals[name] += found.counts[name];
    if (!isGood) failed.set(file, found);
  }
}

/** Runs one file to its end, or ends it with all that it has started, and prints what it says. `why` is what it said last of what failed. */
async function run(file) {
  const log = `${tmpdir()}/multiproc-test-${process.pid}-${file.replaceAll('/', '-')}.tap`;
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${log}`],
  ];
  // Without `--test`, which would start one more process for each file.
  const child = spawn(node, [...reporters, file], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const timer = setTimeout(() => kill(child.pid), minutes * 60_000);
  const closed = once(child, 'close');
  const [status] = await once(child, 'exit');
  clearTimeout(timer);
  kill(child.pid);
  // Who has left the process group may still have its output.
  await Promise.race([closed, sleep(1000, undefined, { ref: false })]);
  console.log(said.replace(/^. (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+\n/gm, '').trimEnd());
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  rmSync(log, { force: true });
  const counts = Object.fromEntries(
    Object.keys(totals).map((name) => [name, Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)]),
  );
  if (status !== 0 && counts.fail + counts.cancelled === 0) {
    console.log(`${file} ended with ${status}, or did not come to an end.`);
    counts.tests++;
    counts.fail++;
  }
  const lines = said.trimEnd().split('\n');
  const from = lines.findLastIndex((line) => line.endsWith('failing tests:'));
  const why = (from === -1 ? lines.slice(-WHY) : lines.slice(from, from + WHY)).join('\n');
  return { isGood: status === 0, counts, why };
}

/** Ends the process group. */
function kill(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
