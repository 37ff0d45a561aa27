// The article's programs print what the article says they print, process ids and times apart.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cpuCount } from 'multiproc';

const run = promisify(execFile);

async function linesOf(program: string): Promise<string[]> {
  const { stdout, stderr } = await run(process.execPath, [`build/examples/${program}.js`]);
  assert.equal(stderr, '');
  return stdout.trimEnd().split('\n');
}

/** With the process ids replaced: the main process is `main`, others are numbered as they appear. */
function withoutIds(lines: string[]): string[] {
  const names = new Map<string, string>();
  return lines.map((line) =>
    line.replace(/(?<=\(|process )\d+/, (id) => {
      if (!names.has(id)) names.set(id, names.size === 0 ? 'main' : `child ${names.size}`);
      return names.get(id)!;
    }),
  );
}

const writesAndReads = [
  ...['A', 'B', 'C'].map((value) => `Put ${value} to queue...`),
  ...['A', 'B', 'C'].map((value) => `Get ${value} from queue.`),
  '',
  'All data was written and read.',
];

test('2: a function in a process of its own', { timeout: 60_000 }, async () => {
  assert.deepEqual(withoutIds(await linesOf('2-process')), [
    'Parent process main.',
    'Process will start.',
    'Run child process test (child 1)...',
    'Process end.',
  ]);
});

test('3: a writer and a reader share a queue', { timeout: 60_000 }, async () => {
  assert.deepEqual(await linesOf('3-writer-and-reader'), writesAndReads);
});

test("4: with a lock no other writer's item comes between", { timeout: 60_000 }, async () => {
  const [puts, gets] = [
    ['Put A', 'Put B', 'Put C'],
    ['Get A', 'Get B', 'Get C'],
  ].map((words) => [...words, ...words]);
  const said = (await linesOf('4-lock')).map((line) => line.replace(/ (to|from) queue\.+$/, ''));
  assert.deepEqual(said, [...puts!, ...gets!, '', 'All data was written and read.']);
});

test('5: five tasks in a pool, each once, on no more workers than there may be', { timeout: 120_000 }, async () => {
  const lines = withoutIds(await linesOf('5-pool'));
  const second = lines.indexOf('All subprocesses done.') + 1;
  const workers = (part: string[]) => new Set(part.flatMap((line) => /^Run task \d \((.*)\)/.exec(line)?.[1] ?? []));
  for (const part of [lines.slice(0, second), lines.slice(second)]) {
    for (let i = 0; i < 5; i++) {
      assert.equal(part.filter((line) => line.startsWith(`Run task ${i} (`)).length, 1);
      assert.equal(part.filter((line) => new RegExp(`^Task ${i} runs \\d+\\.\\d\\d seconds\\.$`).test(line)).length, 1);
    }
    assert.equal(part.filter((line) => line === 'All subprocesses done.').length, 1);
  }
  assert.ok(workers(lines.slice(0, second)).size <= cpuCount());
  assert.ok(workers(lines.slice(second)).size <= 5);
});

test('6: an ordinary queue is an argument of tasks', { timeout: 60_000 }, async () => {
  assert.deepEqual(await linesOf('6-pool-and-queue'), writesAndReads);
});

test('7: a queue of a manager is an argument of tasks', { timeout: 60_000 }, async () => {
  assert.deepEqual(await linesOf('7-manager-queue'), writesAndReads);
});

test('8: a lock of a manager keeps the items of a writer together', { timeout: 60_000 }, async () => {
  assert.deepEqual(await linesOf('8-manager-lock'), writesAndReads);
});
