// When a task starts, starts again, or never starts: what a drain gives back, whose host is lost while no slot is free, and hosts that are silent for a moment.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { currentTask, WorkerLostError } from 'multiproc';
import { PlacementError } from 'multiproc/cluster';
import { skip } from './redis-server.ts';
import { linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';

/** Notes the attempt and the fence of its task, and waits for a file. */
async function telling(file: string, go: string): Promise<string> {
  const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
  const { attempt, fence } = currentTask()!;
  appendFileSync(file, `${attempt} ${fence}\n`);
  while (!existsSync(go)) await new Promise((resolve) => globalThis.setTimeout(resolve, 10));
  return `${attempt} ${fence}`;
}

describe('starts of tasks', { skip, timeout: 290_000 }, () => {
  const stages = new Stages();

  test('a task that draining hosts give back keeps its attempt, and each start has a greater fence', async () => {
    const stage = await stages.of('again', 10_000);
    const pool = stage.pool();
    const [file, go] = [stage.file('starts'), stage.file('go')];
    const coming = pool.apply(telling, [file, go], { retries: 1 });
    for (let times = 1; times <= 3; times++) {
      const host = await stage.host({ args: ['--grace', '100ms'] });
      await until(() => linesOf(file).length === times);
      const ended = once(host.child, 'exit');
      if (times === 3) appendFileSync(go, '');
      else host.child.kill('SIGTERM');
      if (times < 3) await ended;
    }
    const last = await coming;
    const lines = linesOf(file);
    assert.equal(lines.at(-1), last);
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['1', '1', '1'],
    );
    const fences = lines.map((line) => BigInt(line.split(' ')[1]!));
    assert.ok(fences[0]! < fences[1]! && fences[1]! < fences[2]!, lines.join(', '));
  });

  test('an attempt that fails counts after a drain, too', async () => {
    const stage = await stages.of('counted', 10_000);
    const pool = stage.pool();
    const [file, go] = [stage.file('starts'), stage.file('go')];
    const failing = async (...args: [string, string]) => {
      throw new RangeError(await telling(...args));
    };
    const coming = assert.rejects(pool.apply(failing, [file, go], { retries: 1 }), RangeError);
    const host = await stage.host({ args: ['--grace', '100ms'] });
    await until(() => linesOf(file).length === 1);
    host.child.kill('SIGTERM');
    appendFileSync(go, '');
    await once(host.child, 'exit');
    await stage.host();
    await coming;
    const attempts = linesOf(file).map((line) => line.split(' ')[0]);
    assert.deepEqual(attempts.slice(-2), ['1', '2']);
    const fences = linesOf(file).map((line) => BigInt(line.split(' ')[1]!));
    assert.ok(
      fences.every((fence, i) => i === 0 || fence > fences[i - 1]!),
      linesOf(file).join(', '),
    );
  });

  test('a task of a lost host rejects though the one slot that is left is taken', { timeout: 60_000 }, async () => {
    const stage = await stages.of('lost', 5000);
    const pool = stage.pool();
    const first = await stage.host();
    const [file, other, go] = [stage.file('lost'), stage.file('long'), stage.file('go')];
    const lost = assert.rejects(
      pool.apply(noting, [file, go]),
      (error: unknown) => error instanceof WorkerLostError && error.host === first.id,
    );
    await until(() => linesOf(file).length === 1);
    await stage.host();
    const long = pool.apply(noting, [other, go]);
    await until(() => linesOf(other).length === 1);
    process.kill(Number(linesOf(file)[0]!.split(' ')[1]), 'SIGKILL');
    await lost;
    appendFileSync(go, '');
    assert.equal(typeof (await long), 'number');
    assert.deepEqual([linesOf(file).length, linesOf(other).length], [1, 1]);
    assert.equal(await pool.apply(() => 5), 5);
  });

  test('a pool waits for a host that has been silent for a moment, though all others refuse it', async () => {
    const stage = await stages.of('silent', 30_000);
    const only = await stage.host({ args: ['--label', 'gpu'] });
    await stage.host();
    await using cluster = stage.clusterOf();
    const agent = (await cluster.hosts()).find(({ id }) => id === only.id)!.pid;
    const pool = stage.pool({ where: ['gpu'] });
    const plus = (x: number, y: number) => x + y;
    assert.equal(await pool.apply(plus, [1, 1]), 2);
    await until(async () => (await cluster.hosts()).some(({ refuses }) => refuses.length === 1));
    process.kill(agent, 'SIGSTOP');
    // As if it had said nothing for a lease.
    const key = `mp:silent:h:${only.id}`;
    await (await stages.server()).command('PEXPIRE', key, '29000');
    await until(async () => (await cluster.hosts()).length === 1);
    const coming: Promise<number>[] = [];
    for (let n = 0; n < 3; n++) {
      coming.push(pool.apply(plus, [n, 1]));
      coming[n]!.catch(() => {});
      // The program looks for hosts every two seconds at most.
      await setTimeout(2100);
    }
    process.kill(agent, 'SIGCONT');
    assert.deepEqual(await Promise.all(coming), [1, 2, 3]);
    process.kill(agent, 'SIGSTOP');
    await (await stages.server()).command('UNLINK', key);
    await assert.rejects(
      pool.apply(plus, [1, 1]),
      (error: unknown) => error instanceof PlacementError && error.hosts.length === 1,
    );
  });
});
