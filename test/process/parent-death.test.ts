import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { test } from '../cases.ts';
import { fixture, runs, start, until } from './program.ts';

const pidsOf = (line: string) => line.split(' ').map(Number);
const gone = (pids: number[]) => until(() => !pids.some(runs));

describe('what becomes of children when their parent ends', () => {
  for (const way of [
    'process.exit',
    'uncaught error',
    'unhandled rejection',
    'SIGTERM',
    'SIGKILL',
    'SIGINT',
    'abort',
  ]) {
    test(`a tree of busy loops ends with its root (${way})`, async () => {
      const program = start(fixture('busy-tree'), { args: [way] });
      const pids = pidsOf(await program.said('busy:'));
      assert.equal(pids.length, 3);
      if (/^SIG/.test(way)) {
        assert.ok(pids.every(runs));
        program.kill(way as NodeJS.Signals);
      }
      await program.ended;
      await gone(pids);
    });
  }

  test('of a chain, all below a link that is killed end; those above go on', async () => {
    const program = start(fixture('chain'));
    const pids = pidsOf(await program.said('chain:'));
    assert.equal(pids.length, 4);
    process.kill(pids[1] as number, 'SIGKILL');
    await gone(pids.slice(1));
    assert.equal(await program.said('first link saw:'), '-9');
    assert.equal((await program.ended).code, 0);
  });

  test('spares end with the program, killed or not', async () => {
    for (const signal of ['SIGKILL', undefined] as const) {
      const program = start(fixture('spares-ready'), { args: signal === undefined ? [] : ['stays'] });
      const pids = pidsOf(await program.said('spares:'));
      assert.equal(pids.length, 3);
      if (signal !== undefined) program.kill(signal);
      const { code } = await program.ended;
      assert.equal(code, signal === undefined ? 0 : null);
      await gone(pids);
    }
  });
});

describe('daemons', () => {
  test('a daemon does not keep its parent alive, and ends with it', async () => {
    const program = start(fixture('daemon'));
    const pid = Number(await program.said('daemon:'));
    assert.equal((await program.ended).code, 0);
    await gone([pid]);
  });

  test('children of daemons are daemons, unless they say otherwise', async () => {
    const { stdout } = await start(fixture('daemon-inherited')).ended;
    assert.equal(stdout, 'false true true false\n');
  });

  test('a join waits for a daemon too', async () => {
    const { stdout } = await start(fixture('daemon-joined')).ended;
    assert.equal(stdout, 'worked\n0\n');
  });
});

describe('others', () => {
  test('processes that are no daemons keep the program alive until they have ended', async () => {
    const { stdout, code } = await start(fixture('outlives-main')).ended;
    assert.deepEqual([stdout, code], ['main is done\nchild is done\n', 0]);
  });

  test('a child ends after its own children, at any depth', async () => {
    const { stdout } = await start(fixture('grandchildren-first')).ended;
    assert.equal(stdout, 'depth 1 returns\ndepth 2 returns\ndepth 3 returns\nall have ended: 0\n');
  });
});

describe('detached processes', () => {
  for (const way of ['process.exit', 'SIGKILL', 'uncaught error']) {
    test(`detached processes outlive their parent, and see its end (${way})`, async () => {
      const program = start(fixture('detached'), { args: [way] });
      const pid = Number(await program.said('detached:'));
      if (way === 'SIGKILL') program.kill('SIGKILL');
      const { stdout } = await program.ended;
      assert.match(stdout, /alive first: true; after join: false, parent (\d+) MainProcess/);
      assert.match(stdout, /its own child: 0, in a session of its own: true/);
      await gone([pid]);
    });
  }

  test('detached processes are waited for by a program that ends by itself', async () => {
    const { stdout } = await start(fixture('detached-awaited')).ended;
    assert.equal(stdout, 'main is done\nchild is done\n');
  });
});
