// Fake timers in the set-up of tests, or of every program, are there before the library is loaded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, run } from '../process/program.ts';

const WHOLE = '2 4\ntrue\nfalse\n1970-01-02T00:00:00.000Z\nend\n';

for (const args of [['mock'], ['mock', 'setTimeout'], ['mock', 'setInterval'], ['mock', 'setImmediate'], ['others']]) {
  test(`a library that is loaded when time stands still waits by Node's own timers: ${args.join(' ')}`, async () => {
    const { stdout, stderr, code } = await run(fixture('loaded-late'), { args });
    assert.equal(stdout, WHOLE, stderr);
    assert.equal(code, 0);
  });
}

test('where the timers of Node are not to be found, the load says what to do', async () => {
  const withoutLimit =
    "data:text/javascript,import net from 'node:net'; net.Socket.prototype.setTimeout = function () { return this; };";
  const { stderr, code } = await run(fixture('loaded-late'), { args: ['mock'], execArgv: ['--import', withoutLimit] });
  assert.match(stderr, /loaded while fake timers were in use.*Load multiproc before/);
  assert.equal(code, 1);
});
