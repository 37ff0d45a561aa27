import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { slotState } from '#dist/pool/task-slots.js';
import { test } from '../cases.ts';
import { until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { said as speak } from './fixtures/gated-import.ts';
import { errorOf, lives, poolOf } from './pools.ts';

/** What becomes of a running task that is to be stopped, and of its worker, whatever is held up meanwhile. */

describe('a task that is aborted while its worker imports what its function needs', () => {
  /** Aborts such a task, changes its function, and has others take the place of the old one, before the import ends. */
  async function abortImport(concurrency: number, prepare: (...gates: Queue<string>[]) => unknown): Promise<string[]> {
    const pool = poolOf({ processes: 1, concurrency });
    const gates = [new Queue<string>(), new Queue<string>(), new Queue<string>()];
    const [said, gate, end] = gates as [Queue<string>, Queue<string>, Queue<string>];
    const held = pool.apply(prepare, gates);
    assert.equal(await watched(said.get()), 'ready');
    const log = new Queue<string>();
    let turn = 1;
    const transfer = (argument: string) => log.put(speak(`transfer ${turn}`, argument));
    const stop = new AbortController();
    const aborted = errorOf(pool.apply(transfer, ['aborted'], { signal: stop.signal }));
    assert.equal(await watched(said.get()), 'imports');
    stop.abort('stop');
    assert.equal(await aborted, 'stop');
    turn = 2;
    const later = [pool.apply(transfer, ['own'])];
    for (let n = 0; n < 8; n++) {
      later.push(pool.apply((argument: string) => log.put(speak(`delete ${n}`, argument)), ['own']));
    }
    gate.putNowait('go on');
    await watched(Promise.all(later));
    // The worker with other tasks comes to the aborted one in any case.
    if (concurrency > 1) await until(() => log.qsize() === later.length + 1);
    end.putNowait('end');
    await watched(held);
    pool.close();
    await watched(pool.join());
    return (await log.getMany(20)).filter((line) => line.endsWith('aborted'));
  }

  test('the aborted task runs no other function, in a worker with other tasks', async () => {
    const said = await abortImport(2, async (said, gate, end) => {
      globalThis.importGate = { said: said!, gate: gate! };
      await said!.put('ready');
      return end!.get();
    });
    assert.deepEqual(said, ['transfer 1, aborted']);
  });

  test('the aborted task runs no other function, in a worker that listens to SIGTERM', async () => {
    const said = await abortImport(1, (said, gate) => {
      globalThis.importGate = { said: said!, gate: gate! };
      process.on('SIGTERM', () => {});
      return said!.put('ready');
    });
    // It may have been killed before it came to it.
    assert.deepEqual(
      said.filter((line) => line.startsWith('delete')),
      [],
    );
  });
});

describe('a task that ends in order although it is to be stopped', () => {
  test('a stopped task that ends in order rejects when its owner is held up before the signal', async () => {
    const pool = poolOf(1);
    const gate = new Queue<string>();
    const said = new Queue<number>();
    const stop = new AbortController();
    const task = async () => {
      await said.put(family().me);
      return gate.get();
    };
    const outcome = errorOf(pool.apply(task, [], { signal: stop.signal, retries: 1 }));
    const worker = await watched(said.get());
    const callOff = afterCondemning(() => {
      gate.putNowait('go on');
      while (!family().members.isGone(worker));
    });
    stop.abort('stop');
    callOff();
    assert.equal(await outcome, 'stop');
    await lives(pool);
    pool.close();
    await watched(pool.join());
    assert.equal(said.qsize(), 0, 'it was run again');
  });

  test('a stopped task that listens to SIGTERM and cleans up rejects', async () => {
    const pool = poolOf(1);
    const ready = new Queue<number>();
    const cleansUp = async () => {
      const asked = new Promise((resolve) => process.once('SIGTERM', resolve));
      const alive = setInterval(() => {}, 1e6);
      await ready.put(1);
      await asked;
      clearInterval(alive);
    };
    const stop = new AbortController();
    const outcome = errorOf(pool.apply(cleansUp, [], { signal: stop.signal }));
    await watched(ready.get());
    stop.abort('stop');
    assert.equal(await outcome, 'stop');
    pool.close();
    await watched(pool.join());
  });

  test('a stopped task that its own error ends rejects, in a worker with other tasks', async () => {
    const pool = poolOf({ processes: 1, concurrency: 2 });
    const ready = new Queue<number>();
    const [gate, end] = [new Queue<number>(), new Queue<number>()];
    const fails = async () => {
      process.once('uncaughtExceptionMonitor', () => ready.putSync(3));
      await ready.put(1);
      await gate.get();
      setImmediate(() => {
        throw new Error('of the task that was stopped');
      });
      await new Promise(() => {});
    };
    const other = pool.apply(async () => {
      await ready.put(2);
      return end.get();
    });
    const stop = new AbortController();
    const outcome = errorOf(pool.apply(fails, [], { signal: stop.signal }));
    await watched(Promise.all([ready.get(), ready.get()]));
    stop.abort('stop');
    assert.equal(await outcome, 'stop');
    gate.putNowait(1);
    assert.equal(await watched(ready.get()), 3);
    end.putNowait(4);
    assert.equal(await watched(other), 4);
    pool.close();
    await watched(pool.join());
  });
});

/** Calls back, once, as soon as this process has condemned a running task; call the answer when that has been. */
function afterCondemning(act: () => void): () => void {
  const original = Atomics.compareExchange;
  const isCondemning = (from: number, to: number) => (from ^ to) === (slotState.RUNNING ^ slotState.CONDEMNED);
  Atomics.compareExchange = ((words: Int32Array, at: number, from: number, to: number) => {
    const found = original(words, at, from, to);
    if (found === from && isCondemning(from, to)) {
      Atomics.compareExchange = original;
      act();
    }
    return found;
  }) as typeof original;
  return () => assert.equal(Atomics.compareExchange, original, 'nothing was condemned');
}
