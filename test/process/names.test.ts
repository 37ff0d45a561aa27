import assert from 'node:assert/strict';
import { currentProcess, isMainProcess, Process, parentProcess, Queue, StateError } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { fixture, run } from './program.ts';

test('the main process is MainProcess, has no parent, and cannot be started, joined or ended', async () => {
  const main = currentProcess();
  assert.equal(currentProcess(), main);
  assert.deepEqual([main.name, main.pid, main.daemon, main.isAlive()], ['MainProcess', process.pid, false, true]);
  assert.deepEqual([main.exitCode, parentProcess(), isMainProcess], [null, null, true]);
  assert.throws(() => main.start(), StateError);
  await assert.rejects(main.join(), StateError);
  assert.throws(() => main.terminate(), StateError);
  assert.throws(() => main.close(), StateError);
});

test('names are given by ancestry, whatever the ancestors are called', async () => {
  const { stdout } = await run(fixture('names'));
  assert.deepEqual(stdout.trim().split('\n'), [
    'Process-1 of MainProcess',
    'Process-1:1 of Process-1',
    'Process-1:2 of Process-1',
    'Process-1:2:1 of Process-1:2',
    'renamed of MainProcess',
    'Process-2:1 of renamed',
    'Digger-3 of MainProcess',
  ]);
});

test('a name is a label: not unique, any text, and the child sees the one at its start', async () => {
  const seen = new Queue<string>();
  const target = () => {
    seen.putSync(currentProcess().name);
    currentProcess().name = 'renamed by itself';
    seen.putSync(currentProcess().name);
  };
  for (const name of ['same', 'same', '', 'ünï “code”\n', 'x'.repeat(10_000)]) {
    const p = new Process({ target, name });
    p.start();
    assert.deepEqual([await watched(seen.get()), await watched(seen.get())], [name, 'renamed by itself']);
    await watched(p.join());
    assert.equal(p.name, name);
  }
});

test('a process sees its own pid, its parent, and the rest of the main process’s arguments', async () => {
  const seen = new Queue<unknown>();
  const p = new Process({
    target: () => {
      const parent = parentProcess();
      const me = currentProcess();
      seen.putSync([process.pid, me.pid, me.isAlive(), me.exitCode, process.ppid]);
      seen.putSync([parent?.pid, parent?.name, parent?.isAlive()]);
      seen.putSync(process.argv);
    },
  });
  p.start();
  assert.deepEqual(await watched(seen.get()), [p.pid, p.pid, true, null, process.pid]);
  assert.deepEqual(await watched(seen.get()), [process.pid, 'MainProcess', true]);
  assert.deepEqual(await watched(seen.get()), process.argv);
  await watched(p.join());
});

test('isMainProcess is false in a process', async () => {
  const seen = new Queue<boolean>();
  const p = new Process({ target: () => seen.putSync(isMainProcess) });
  p.start();
  assert.equal(await watched(seen.get()), false);
  await watched(p.join());
});

test('a process is shown with its name, pid and state', async () => {
  const { inspect } = await import('node:util');
  const p = new Process({ target: () => process.exit(2), name: 'shown' });
  assert.equal(inspect(p), "<Process name='shown' initial>");
  p.start();
  assert.equal(inspect(p), `<Process name='shown' pid=${p.pid} started>`);
  await watched(p.join());
  assert.equal(inspect(p), `<Process name='shown' pid=${p.pid} stopped exitCode=2>`);
  p.close();
  assert.equal(inspect(p), "<Process name='shown' closed>");
  assert.equal(inspect(currentProcess()), "<Process name='MainProcess' current>");
  class Digger extends Process {}
  assert.equal(inspect(new Digger({ name: 'd', daemon: true })), "<Digger name='d' initial daemon>");
});
