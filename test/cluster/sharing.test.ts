// Who gets a slot: tasks that wait for tasks of their own, and programs with few tasks beside programs with many.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { Pool, StateError } from 'multiproc';
import { skip } from './redis-server.ts';
import { linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';
import { StepProxy, steps } from './step-proxy.ts';

/** What a server says to a claim of BullMQ that gets no job. */
const REFUSED = `*4\r\n${':0\r\n'.repeat(4)}`;

describe('sharing slots', { skip, timeout: 280_000 }, () => {
  const stages = new Stages(3000);

  test('on a cluster with one slot a task waits for tasks of a pool of its own, and these for theirs', async () => {
    const stage = await stages.of('nested');
    await stage.worker();
    const pool = stage.pool();
    const nested = async (depth: number, cluster: object): Promise<number> => {
      if (depth === 0) return 1;
      const inner = new Pool({ cluster: cluster as never });
      try {
        const found = await inner.map((each: number) => nested(each, cluster), [depth - 1, depth - 1], {
          chunksize: 1,
        });
        return found.reduce((sum, each) => sum + each, 1);
      } finally {
        inner.close();
        await inner.join();
      }
    };
    assert.equal(await pool.apply(nested, [2, stage.cluster]), 7);
    // The slot was taken back.
    assert.equal(await pool.apply(() => 5), 5);
  });

  test('on a cluster with one slot a task waits for processes of its own machine, which wait for tasks of the cluster: it lends its slot once', async () => {
    const stage = await stages.of('between');
    await stage.worker();
    const pool = stage.pool();
    const file = stage.file('between');
    const across = async (cluster: object, to: string): Promise<number[]> => {
      const ask = async (x: number): Promise<number> => {
        const far = new Pool({ cluster: cluster as never });
        const double = async (y: number) => {
          const { appendFileSync } = process.getBuiltinModule('node:fs');
          appendFileSync(to, 'begun ');
          await new Promise((resolve) => globalThis.setTimeout(resolve, 50));
          appendFileSync(to, 'ended ');
          return 2 * y;
        };
        try {
          return await far.apply(double, [x]);
        } finally {
          far.close();
          await far.join();
        }
      };
      const here = new Pool({ processes: 2, cluster: false });
      try {
        return await here.map(ask, [1, 2, 3, 4], { chunksize: 1 });
      } finally {
        here.close();
        await here.join();
      }
    };
    assert.deepEqual(await pool.apply(across, [stage.cluster, file]), [2, 4, 6, 8]);
    assert.equal(readFileSync(file, 'utf8'), 'begun ended '.repeat(4));
    // The slot was taken back.
    assert.equal(await pool.apply(() => 5), 5);
  });

  test('a recursion without end ends with a clear error, and leaves no task and no process', async () => {
    const stage = await stages.of('endless');
    await stage.worker();
    const pool = stage.pool();
    const endless = async (cluster: object, depth: number): Promise<number> => {
      await using inner = new Pool({ cluster: cluster as never, processes: 1 });
      return await inner.apply(endless, [cluster, depth + 1]);
    };
    await assert.rejects(
      pool.apply(endless, [stage.cluster, 1]),
      (error: unknown) => error instanceof StateError && /16 deep/.test(error.message),
    );
    assert.equal(await pool.apply(() => 5), 5);
  });

  test('without any host tasks wait, the program says so once, and a host that comes later runs them', async () => {
    const stage = await stages.of('nobody');
    const cluster = stage.cluster;
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify(cluster)} });
      Promise.all([pool.apply(() => 1), pool.apply(() => 2)]).then(async (sum) => {
        console.log(JSON.stringify(sum));
        pool.close();
        await pool.join();
      });`;
    const program = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const word = new Promise<void>((resolve) => {
      program.stderr.on('data', (chunk) => {
        said += chunk;
        if (said.includes('npx multiproc worker')) resolve();
      });
    });
    await word;
    await stage.worker();
    const [out] = (await once(program.stdout, 'data')) as [Buffer];
    assert.equal(String(out), '[1,2]\n');
    await once(program, 'exit');
    assert.equal(said.match(/tasks wait/g)?.length, 1);
  });

  test('few tasks of one program do not wait for the many of another', async () => {
    const stage = await stages.of('fair');
    await stage.worker();
    const file = stage.file('fair');
    const note = async (of: string, to: string) => {
      await new Promise((resolve) => globalThis.setTimeout(resolve, 5));
      process.getBuiltinModule('node:fs').appendFileSync(to, `${of}\n`);
    };
    const [many, few] = [stage.pool(), stage.pool()];
    await few.apply(note, ['before', file]);
    const stop = new AbortController();
    const flood = Promise.allSettled(
      Array.from({ length: 10_000 }, () => many.apply(note, ['many', file], { signal: stop.signal })),
    );
    // The flood runs, in batches.
    while (readFileSync(file, 'utf8').split('\n').length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(Array.from({ length: 10 }, () => few.apply(note, ['few', file])));
    stop.abort(new Error('enough'));
    await flood;
    const lines = readFileSync(file, 'utf8').split('\n');
    const between = lines.slice(lines.indexOf('few'), lines.lastIndexOf('few'));
    // As many as take the time of the few, and a batch that had begun.
    const others = between.filter((line) => line === 'many').length;
    assert.ok(others <= 30, `${others} tasks of the other program ran meanwhile`);
  });

  test('with processes set, a refusal that is on its way while a job ends does not keep the next job waiting', {
    timeout: 60_000,
  }, async () => {
    const stage = await stages.of('refused', 600_000);
    const [front, back] = ['front', 'back'].map((name) => new StepProxy(stage.url.slice(5), stage.file(name))) as [
      StepProxy,
      StepProxy,
    ];
    for (const proxy of [front, back]) stages.onEnd(() => proxy.end());
    // A host that looks without a hint, by its timers, would find the next job late, but it would find it.
    const still = stage.file('still.cjs');
    writeFileSync(
      still,
      `const timers = require('node:timers'), { setInterval } = timers;
       timers.setInterval = globalThis.setInterval = (call, ms, ...rest) => setInterval(call, 2 ** 30, ...rest);`,
    );
    await stage.host({ slots: 2, url: back.url, args: ['--import', still] });
    const pool = stage.pool({ processes: 1, cluster: { url: front.url } });
    const [first, second, go] = [stage.file('first'), stage.file('second'), stage.file('go')];
    const runs = pool.apply(noting, [first, go]);
    await until(() => linesOf(first).length === 1);
    let client: Socket | undefined;
    const keepsRefusal = (socket: Socket) => {
      client = socket;
      socket.cork();
    };
    const refused = back.at(steps.claim, 'after', keepsRefusal, { goesOn: true, answer: REFUSED });
    const waits = pool.apply(noting, [second, go]);
    await refused;
    // The program hints again from time to time.
    front.swallow();
    const ended = back.at(steps.result, 'before', () => client!.uncork(), { goesOn: true });
    appendFileSync(go, '');
    await ended;
    await until(() => linesOf(second).length === 1);
    front.mend();
    assert.equal((await Promise.all([runs, waits])).length, 2);
  });
});
