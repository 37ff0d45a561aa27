import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from '../cases.ts';
import { fixture, fixtureSource, run } from './program.ts';

/** What a program of fixtures/uncaught prints on standard error, and the exit code of its process. */
async function uncaught(way: string, fileOf = fixture, execArgv: string[] = []) {
  const { stdout, stderr } = await run(fileOf(`uncaught/${way}`), { execArgv });
  return { exitCode: stdout.trim(), stderr };
}

for (const [way, message] of [
  ['sync', 'TypeError: thrown at once'],
  ['async', 'Error: thrown later'],
  ['timer', 'RangeError: thrown by a timer'],
  ['rejection', 'Error: rejected and forgotten'],
] as const) {
  test(`an uncaught error (${way}) shows the name of the process and the file and line of the throw`, async () => {
    const { stderr, exitCode } = await uncaught(way);
    assert.equal(exitCode, '1');
    assert.match(stderr, /^Worker \(pid \d+\) ended by an uncaught error:\n/);
    assert.ok(stderr.includes(`\n${message}\n`), stderr);
    assert.match(stderr, new RegExp(`fixtures/uncaught/${way}\\.js:\\d+:\\d+`));
  });

  test(`an uncaught error of TypeScript shows the line as it was written (${way})`, async () => {
    const { stderr } = await uncaught(way, fixtureSource, ['--import', 'tsx']);
    const lines = readFileSync(fixtureSource(`uncaught/${way}`), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes(message.replace(/^\w+: /, ''))) + 1;
    assert.ok(stderr.includes(`fixtures/uncaught/${way}.ts:${line}:`), `line ${line} in\n${stderr}`);
  });
}

for (const [way, shown] of [
  ['text', "'only text'"],
  ['object', "{ code: 7, reason: [ 'a', 'b' ] }"],
  ['nothing', 'undefined'],
] as const) {
  test(`what is thrown uncaught need not be an Error (${way})`, async () => {
    const { stderr, exitCode } = await uncaught(way);
    assert.equal(exitCode, '1');
    assert.match(stderr, /^Worker \(pid \d+\) ended by an uncaught error:\n/);
    assert.ok(stderr.endsWith(`\n${shown}\n`), stderr);
  });
}

test('the cause and own properties of an error are shown', async () => {
  const { stderr } = await uncaught('cause');
  assert.match(stderr, /Error: on top\n/);
  assert.match(stderr, /\[cause\]: Error: below/);
  assert.match(stderr, /code: 'E_TOP'/);
});

test('handlers of uncaught errors that the target registers are asked first, monitors always', async () => {
  assert.deepEqual(await uncaught('handled'), { exitCode: '6', stderr: 'monitor saw it\nhandler saw it\n' });
  const { stderr, exitCode } = await uncaught('monitored');
  assert.match(stderr, /^monitor saw it\nWorker \(pid \d+\) ended by an uncaught error:\nError: watched\n/);
  assert.equal(exitCode, '1');
});

test('an error ends the process though a timer is left, and the exit handlers run', async () => {
  const { stderr, exitCode } = await uncaught('timer-left');
  assert.equal(exitCode, '1');
  assert.match(stderr, /Error: with a timer left/);
  assert.match(stderr, /exit handler saw 1\n$/);
});

test('a target that waits for what can never come ends, and says so', async () => {
  const { stderr, exitCode } = await uncaught('never');
  assert.equal(exitCode, '1');
  assert.equal(stderr, 'Worker ended early: its target awaits a promise that nothing was left to settle.\n');
});
