// Every public call of processes with what makes no sense: each has its error, of the right class, and has changed nothing.
import { after, describe, test } from 'node:test';
import {
  activeChildren,
  ClosedError,
  getContext,
  Process,
  registerClass,
  SerializationError,
  StateError,
  setSpareProcesses,
  setStartMethod,
} from 'multiproc';
import { watchdog } from '../hang.ts';
import { Refusals, wrong } from '../refusals.ts';

const dog = watchdog('bad input of processes', 300);
after(() => dog[Symbol.dispose]());

describe('processes', () => {
  test('a wrong call of Process is refused, and changes nothing', async () => {
    const noMore = () => activeChildren().length;
    const r = new Refusals(noMore);
    await r.throws(
      TypeError,
      () => new Process(wrong(null)),
      () => new Process(wrong(5)),
      () => new Process(wrong(() => {})),
      () => new Process(wrong('target')),
      () => new Process({ target: wrong(null) }),
      () => new Process({ target: wrong('f') }),
      () => new Process({ args: wrong('abc') }),
      () => new Process({ args: wrong(null) }),
      () => new Process({ args: wrong({ length: 1 }) }),
      () => new Process({ name: wrong(5) }),
      () => new Process({ name: wrong(null) }),
      () => new Process({ env: wrong(null) }),
      () => new Process({ env: wrong('A=1') }),
      () => new Process({ env: wrong({ A: 1 }) }),
      () => new Process({ env: wrong({ A: null }) }),
      () => new Process({ daemon: wrong('yes') }),
      () => new Process({ daemon: wrong(null) }),
      () => new Process({ detached: wrong(1) }),
      () => new Process({ context: wrong('thread') }),
      () => new Process({ context: wrong(null) }),
      () => new Process({ context: wrong({}) }),
      () => new Process(wrong({ kwargs: {} })),
      () => new (getContext('spawn').Process)(wrong(null)),
      () => new (getContext('spawn').Process)(wrong({ group: null })),
    );
    const p = new Process({ name: 'p' });
    const before = new Refusals(() => [p.name, p.daemon, p.pid, p.exitCode, noMore()]);
    await before.throws(
      TypeError,
      () => (p.name = wrong(5)),
      () => (p.name = wrong(undefined)),
      () => (p.daemon = wrong('yes')),
      () => (p.daemon = wrong(undefined)),
    );
    await before.throws(
      StateError,
      () => p.joinSync(),
      () => p.interrupt(),
      () => p.terminate(),
      () => p.kill(),
      () => p.sentinel,
    );
    await before.rejects(StateError, () => p.join());
    const unsendable = new Process({ target: () => {}, args: wrong([process.stdin]) });
    await before.throws(SerializationError, () => unsendable.start());
    before.end();

    const ended = new Process();
    ended.start();
    const running = new Refusals(() => [ended.name, ended.daemon, ended.pid]);
    await running.throws(
      StateError,
      () => ended.start(),
      () => (ended.daemon = true),
    );
    await running.badWaits((options) => ended.join(options));
    await running.badSyncWaits((options) => ended.joinSync(options));
    await ended.join();
    await running.badWaits((options) => ended.join(options), 'join after the end');
    await running.badSyncWaits((options) => ended.joinSync(options), 'joinSync after the end');
    await running.throws(StateError, () => ended.start());
    running.end();
    ended.close();
    ended.close();
    await r.throws(
      ClosedError,
      () => ended.start(),
      () => ended.run(),
      () => ended.joinSync(),
      () => ended.isAlive(),
      () => ended.interrupt(),
      () => ended.terminate(),
      () => ended.kill(),
      () => ended.name,
      () => (ended.name = 'x'),
      () => ended.daemon,
      () => (ended.daemon = true),
      () => ended.pid,
      () => ended.exitCode,
      () => ended.sentinel,
    );
    await r.rejects(ClosedError, () => ended.join());
    r.end();
  });

  test('a wrong call of a function about processes is refused', async () => {
    const r = new Refusals(() => getContext().getStartMethod());
    await r.throws(
      RangeError,
      () => setSpareProcesses(-1),
      () => setSpareProcesses(1.5),
      () => setSpareProcesses(Number.NaN),
    );
    await r.throws(
      TypeError,
      () => setSpareProcesses(wrong('2')),
      () => setSpareProcesses(wrong(undefined)),
      () => setSpareProcesses(wrong(null)),
      () => setStartMethod(wrong(undefined)),
      () => setStartMethod(wrong(null)),
      () => setStartMethod(wrong(5)),
      () => getContext(wrong(null)),
      () => getContext(wrong({})),
    );
    await r.throws(
      RangeError,
      () => setStartMethod(wrong('fork')),
      () => getContext(wrong('forkserver')),
      () => getContext(wrong('toString')),
    );
    r.end();
  });

  test('a wrong call of registerClass is refused', async () => {
    class A {}
    class B {}
    class Hidden {
      #secret = 1;
      get secret() {
        return this.#secret;
      }
    }
    registerClass(A, { name: 'bad-input A' });
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => registerClass(wrong(undefined)),
      () => registerClass(wrong(null)),
      () => registerClass(wrong({})),
      () => registerClass(wrong(() => {})),
      () => registerClass(wrong('A')),
      () => registerClass(B, wrong(null)),
      () => registerClass(B, wrong('B')),
      () => registerClass(B, { name: wrong(5) }),
      () => registerClass(B, { encode: wrong('x') }),
      () => registerClass(B, { decode: wrong(null) }),
      () => registerClass(B, { name: 'bad-input A' }),
      () => registerClass(Hidden),
    );
    r.end();
  });
});
