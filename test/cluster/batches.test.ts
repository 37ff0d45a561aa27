// Small tasks that travel together: each still has its own start, end, time-out, abort and attempts.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { currentTask, TimeoutError, WorkerLostError } from 'multiproc';
import { skip } from './redis-server.ts';
import { linesOf, type Stage, until } from './stage.ts';
import { Stages } from './stages.ts';

describe('tasks in batches', { skip, timeout: 120_000 }, () => {
  const stages = new Stages(2000);
  /** A pool that knows how short its tasks are, so that it sends them in batches. */
  const poolOfShort = async (stage: Stage, options = {}) => {
    const pool = stage.pool(options);
    for (let i = 0; i < 30; i++) await pool.apply(() => {});
    return pool;
  };

  /** Notes that it runs; the one with the number `last` waits for a file. */
  const noting = async (n: number, last: number, file: string, go: string) => {
    const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
    appendFileSync(file, `${n}\n`);
    while (n === last && !existsSync(go)) await new Promise((resolve) => globalThis.setTimeout(resolve, 5));
    return n;
  };

  test('of a batch on a killed host the tasks whose start was noted reject, the others run elsewhere, none twice', async () => {
    const stage = await stages.of('killed');
    const first = await stage.worker();
    const pool = await poolOfShort(stage);
    const [file, go] = [stage.file('killed'), stage.file('killed-go')];
    const all = Array.from({ length: 400 }, (_, n) => pool.apply(noting, [n, 20, file, go]));
    const settled = Promise.allSettled(all);
    await until(() => linesOf(file).includes('20'));
    // It keeps the only worker now. Those that have run have their results; on a busy machine some before it may not have begun.
    const others = linesOf(file).filter((n) => n !== '20');
    await Promise.all(others.map((n) => all[Number(n)]));
    process.kill(first.pid, 'SIGKILL');
    await first.closed;
    await stage.worker();
    const lost: number[] = [];
    for (const [n, end] of (await settled).entries()) {
      if (end.status === 'fulfilled') assert.equal(end.value, n);
      else {
        assert(end.reason instanceof WorkerLostError, String(end.reason));
        assert.equal(end.reason.host, first.id);
        lost.push(n);
      }
    }
    assert(lost.includes(20));
    // Those of 2 ms, at most 128, are noted ahead.
    assert(lost.length <= 129, lost.join(' '));
    const seen = linesOf(file).map(Number);
    assert.equal(new Set(seen).size, seen.length, 'a task was started twice');
    for (let n = 0; n < 400; n++) assert(seen.includes(n) || lost.includes(n), String(n));
  });

  test('a time-out or an abort ends its own task of a batch, and no other', async () => {
    const stage = await stages.of('ends');
    await stage.worker(2);
    const pool = await poolOfShort(stage);
    const [file, go] = [stage.file('ends'), stage.file('never')];
    const stop = new AbortController();
    const reason = new Error('mine');
    const all = Array.from({ length: 120 }, (_, n) => {
      const options = { ...(n === 40 && { timeout: 100 }), ...(n === 80 && { signal: stop.signal }) };
      return pool.apply(noting, [n, n === 40 || n === 80 ? n : -1, file, go], options);
    });
    const settled = Promise.allSettled(all);
    await until(() => linesOf(file).includes('80'));
    stop.abort(reason);
    for (const [n, end] of (await settled).entries()) {
      if (n === 40) assert(end.status === 'rejected' && end.reason instanceof TimeoutError);
      else if (n === 80) assert(end.status === 'rejected' && end.reason === reason);
      else assert.deepEqual(end, { status: 'fulfilled', value: n });
    }
    assert.equal(linesOf(file).length, 120);
  });

  test('each task of a batch is run again as often as it may, after its delay, with its id and a greater fence', async () => {
    const stage = await stages.of('again');
    const { id } = await stage.worker(2);
    const pool = await poolOfShort(stage);
    const file = stage.file('again');
    const failing = (n: number, to: string) => {
      const { id, attempt, fence, host } = currentTask()!;
      const line = JSON.stringify([n, id, attempt, String(fence), host, performance.timeOrigin + performance.now()]);
      process.getBuiltinModule('node:fs').appendFileSync(to, `${line}\n`);
      if (attempt < 3) throw new RangeError('again');
      return attempt;
    };
    const all = Array.from({ length: 40 }, (_, n) => pool.apply(failing, [n, file], { retries: 2, retryDelay: 30 }));
    assert.deepEqual(await Promise.all(all), Array(40).fill(3));
    const lines = linesOf(file).map((line) => JSON.parse(line) as [number, string, number, string, string, number]);
    assert.equal(lines.length, 120);
    for (let n = 0; n < 40; n++) {
      const [one, two, three] = lines.filter(([of]) => of === n);
      assert.deepEqual([one![2], two![2], three![2]], [1, 2, 3]);
      assert.deepEqual(new Set([one![1], two![1], three![1]]).size, 1);
      assert(BigInt(one![3]) < BigInt(two![3]) && BigInt(two![3]) < BigInt(three![3]));
      assert.equal(one![4], id);
      assert(two![5] - one![5] >= 29 && three![5] - two![5] >= 29);
    }
    await assert.rejects(
      pool.apply(failing, [40, file], { retries: 1 }),
      (error: unknown) => error instanceof RangeError,
    );
  });

  /** Notes its number and its process; the one with the number `last` waits for a file. */
  const noted = async (n: number, last: number, file: string, go: string) => {
    const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
    appendFileSync(file, `${n} ${process.pid}\n`);
    while (n === last && !existsSync(go)) await new Promise((resolve) => globalThis.setTimeout(resolve, 5));
    return n;
  };

  test('of the tasks that a killed worker was given together only the one in hand is lost, and none runs twice', async () => {
    const stage = await stages.of('worker');
    const { id } = await stage.worker(2);
    const pool = await poolOfShort(stage);
    const [file, go] = [stage.file('worker'), stage.file('never')];
    const all = Array.from({ length: 200 }, (_, n) => pool.apply(noted, [n, 70, file, go]));
    const settled = Promise.allSettled(all);
    await until(() => linesOf(file).some((line) => line.startsWith('70 ')));
    const pid = Number(
      linesOf(file)
        .find((line) => line.startsWith('70 '))!
        .split(' ')[1],
    );
    process.kill(pid, 'SIGKILL');
    for (const [n, end] of (await settled).entries()) {
      if (n !== 70) assert.deepEqual(end, { status: 'fulfilled', value: n });
      else assert(end.status === 'rejected' && end.reason instanceof WorkerLostError && end.reason.host === id);
    }
    assert.equal(linesOf(file).length, 200);
  });

  test('a task of a batch that takes long holds up neither the results before it nor the tasks behind it', async () => {
    const stage = await stages.of('long');
    await stage.worker(2);
    const pool = await poolOfShort(stage);
    const [file, go] = [stage.file('long'), stage.file('long-go')];
    const all = Array.from({ length: 200 }, (_, n) => pool.apply(noted, [n, 70, file, go]));
    await Promise.all(all.filter((_, n) => n !== 70));
    assert.equal(linesOf(file).length, 200);
    writeFileSync(go, '');
    assert.equal(await all[70], 70);
  });

  test('what a task of a batch leaves behind, and what fails later, is no failure of the others', async () => {
    const stage = await stages.of('left');
    await stage.worker(2);
    const pool = await poolOfShort(stage);
    const leaving = (n: number) => {
      if (n % 50 === 20) {
        globalThis.setTimeout(() => {
          throw new Error('left behind');
        }, 0);
      }
      return n;
    };
    const all = Array.from({ length: 200 }, (_, n) => pool.apply(leaving, [n]));
    assert.deepEqual(await Promise.all(all), [...all.keys()]);
  });

  test('with processes: 1 no two tasks of a batch run at once', async () => {
    const stage = await stages.of('turn');
    await stage.worker(4);
    const pool = await poolOfShort(stage, { processes: 1 });
    const file = stage.file('turn');
    const spanning = async (n: number, to: string) => {
      const { appendFileSync } = process.getBuiltinModule('node:fs');
      appendFileSync(to, `${n}\n`);
      await new Promise((resolve) => globalThis.setImmediate(resolve));
      appendFileSync(to, `${n}\n`);
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => pool.apply(spanning, [n, file])));
    const lines = linesOf(file);
    assert.equal(lines.length, 200);
    for (let i = 0; i < lines.length; i += 2) assert.equal(lines[i], lines[i + 1]);
  });
});
