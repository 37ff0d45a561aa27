// Large arguments and results travel in parts beside their job: sealed, gone when the task is settled, and never larger than `maxPayload`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AuthenticationError, currentTask, type Pool, TimeoutError } from 'multiproc';
import { ClusterError } from 'multiproc/cluster';
import { skip } from './redis-server.ts';
import { isAlive, linesOf, until } from './stage.ts';
import { Stages } from './stages.ts';

const MIB = 2 ** 20;

/** Bytes that no compression could make small. */
function large(bytes: number): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let i = 0, x = 1; i < bytes; i++) made[i] = x = (x * 16807) % 2147483647;
  return made;
}

/** Waits for a file, and then says how much it was given. */
async function waiting(file: string, go: string, bytes: Uint8Array): Promise<number> {
  const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
  appendFileSync(file, `${process.pid} ${process.ppid}\n`);
  while (!existsSync(go)) await new Promise((resolve) => globalThis.setTimeout(resolve, 10));
  return bytes.length;
}

describe('large arguments and results', { skip, timeout: 290_000 }, () => {
  const stages = new Stages(8000);
  const blobs = async (namespace: string) => (await stages.keys(namespace)).filter((name) => /\}:b(:|$)/.test(name));
  const noBlob = (namespace: string) => until(async () => (await blobs(namespace)).length === 0);
  const oneBlob = async (namespace: string) => {
    const whole = async () => (await stages.keys(namespace)).some((name) => name.endsWith(':t'));
    await until(async () => (await whole()) && (await blobs(namespace)).length === 2);
    return (await blobs(namespace)).find((name) => name.includes(':b:'))!;
  };

  test('large arguments and results travel in parts beside the job, arrive whole, and no part stays', async () => {
    const redis = await stages.server();
    const stage = await stages.of('parts');
    const pool = stage.pool();
    const bytes = large(3.5 * MIB);
    const double = (given: Uint8Array, more: Uint8Array) => [given.length + more.length, given, more] as const;
    const coming = pool.apply(double, [bytes, bytes.slice(0, MIB)]);
    const blob = await oneBlob('parts');
    const parts = await redis.list('HVALS', blob);
    assert.equal(parts.length, 5);
    assert.ok(parts.every((part) => part.length <= MIB + 64));
    assert.equal(parts.filter((part) => part.includes(Buffer.from(bytes.subarray(100, 120)))).length, 0);
    const tasks = (await stages.keys('parts')).find((name) => name.endsWith(':t'))!;
    assert.ok((await redis.list('HVALS', tasks))[0]!.length < 4096);
    await stage.host();
    const [length, first, second] = await coming;
    assert.equal(length, 4.5 * MIB);
    assert.deepEqual(Buffer.from(first), Buffer.from(bytes));
    assert.deepEqual(Buffer.from(second), Buffer.from(bytes.subarray(0, MIB)));
    await noBlob('parts');
  });

  test('many large arguments at once, mixed with small ones, are not mistaken for each other', async () => {
    const stage = await stages.of('mixed');
    await stage.host({ slots: 2 });
    const pool = stage.pool();
    const sizes = Array.from({ length: 24 }, (_, n) => (n % 3 === 0 ? 70_000 + n : n));
    const sum = (n: number, given: Uint8Array) => [n, given.fill(n)] as const;
    const found = await Promise.all(sizes.map((size, n) => pool.apply(sum, [n, new Uint8Array(size)])));
    for (const [n, [which, given]] of found.entries()) {
      assert.equal(which, n);
      assert.equal(given.length, sizes[n]);
      assert.ok(given.every((each) => each === n));
    }
    const chunks = await pool.map((text: string) => text.toUpperCase(), Array(40).fill('x'.repeat(50_000)), {
      chunksize: 8,
    });
    assert.ok(chunks.every((text) => text === 'X'.repeat(50_000)));
    await noBlob('mixed');
  });

  test('no part stays of a task that fails, runs out of time, or is aborted while it waits or runs', async () => {
    const stage = await stages.of('ends');
    const pool = stage.pool();
    const bytes = large(2 * MIB);
    const waits = new AbortController();
    const early = pool.apply(waiting, [stage.file('a'), stage.file('never'), bytes], { signal: waits.signal });
    await oneBlob('ends');
    waits.abort(new Error('no more'));
    await assert.rejects(early, /no more/);
    await noBlob('ends');
    await stage.host();
    const fail = (given: Uint8Array) => {
      throw new RangeError(`${given.length}`);
    };
    await assert.rejects(pool.apply(fail, [bytes]), { name: 'RangeError', message: String(2 * MIB) });
    await noBlob('ends');
    await assert.rejects(
      pool.apply(waiting, [stage.file('b'), stage.file('never'), bytes], { timeout: 500 }),
      TimeoutError,
    );
    const runs = new AbortController();
    const late = pool.apply(waiting, [stage.file('c'), stage.file('never'), bytes], { signal: runs.signal });
    await until(() => linesOf(stage.file('c')).length === 1);
    runs.abort(new Error('stop'));
    await assert.rejects(late, /stop/);
    await noBlob('ends');
    const again = (given: Uint8Array) => {
      const { attempt } = currentTask()!;
      if (attempt < 3) throw new Error('not yet');
      return [attempt, given];
    };
    assert.deepEqual(await pool.apply(again, [bytes], { retries: 3 }), [3, bytes]);
    await noBlob('ends');
  });

  test('a task of a killed host has its argument again on another', async () => {
    const stage = await stages.of('killed');
    await stage.host();
    const pool = stage.pool();
    const [file, go] = [stage.file('runs'), stage.file('go')];
    const coming = pool.apply(waiting, [file, go, large(2 * MIB)], { retries: 1 });
    await until(() => linesOf(file).length === 1);
    process.kill(Number(linesOf(file)[0]!.split(' ')[1]), 'SIGKILL');
    appendFileSync(go, '');
    await stage.host();
    assert.equal(await coming, 2 * MIB);
    assert.equal(linesOf(file).length, 2);
    await noBlob('killed');
  });

  test('a server that comes back without its data gets the argument again', async () => {
    const redis = await stages.server();
    const stage = await stages.of('emptied');
    const pool = stage.pool();
    const coming = pool.apply((given: Uint8Array) => given.length, [large(2 * MIB)], { retries: 1 });
    await oneBlob('emptied');
    await redis.command('FLUSHALL');
    await stage.host();
    assert.equal(await coming, 2 * MIB);
  });

  test('of a killed program no part stays', async () => {
    const stage = await stages.of('orphans');
    await stage.host();
    const file = stage.file('runs');
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify(stage.cluster)} });
      pool.apply(${waiting}, [${JSON.stringify(file)}, ${JSON.stringify(stage.file('never'))}, new Uint8Array(2 ** 21)]);
      pool.apply(${waiting}, [${JSON.stringify(file)}, ${JSON.stringify(stage.file('never'))}, new Uint8Array(2 ** 21)]);`;
    const program = stage.keep(spawn(process.execPath, ['-e', code], { stdio: 'inherit' }));
    await until(async () => linesOf(file).length === 1 && (await blobs('orphans')).length === 3);
    const [worker] = linesOf(file)[0]!.split(' ').map(Number);
    program.kill('SIGKILL');
    await until(() => !isAlive(worker!));
    await noBlob('orphans');
  });

  test('a part of an argument that was changed, cut, swapped or taken away: its task rejects, and nothing is decoded', async () => {
    const redis = await stages.server();
    const stage = await stages.of('spoiled');
    const pool = stage.pool();
    const bytes = large(2.5 * MIB);
    const spoils: ((blob: string, parts: Buffer[]) => Promise<unknown>)[] = [
      async (blob, parts) => {
        const flipped = Buffer.from(parts[1]!);
        flipped[500]! ^= 4;
        await redis.command('HSET', blob, '1', flipped);
      },
      (blob, parts) => redis.command('HSET', blob, '2', parts[2]!.subarray(0, -1)),
      (blob, parts) => redis.command('HSET', blob, '0', parts[1]!, '1', parts[0]!),
      (blob) => redis.command('HDEL', blob, '1'),
    ];
    const rejections: Promise<void>[] = [];
    const seen = new Set<string>();
    for (const [n, spoil] of spoils.entries()) {
      const rejects = (error: unknown) =>
        n < 3 ? error instanceof AuthenticationError : error instanceof ClusterError && error.code === 'ERR_DATA_LOST';
      rejections.push(
        assert.rejects(
          pool.apply((given: Uint8Array) => given.length, [bytes]),
          rejects,
        ),
      );
      const fresh = async () => (await blobs('spoiled')).filter((name) => name.includes(':b:') && !seen.has(name));
      await until(
        async () => (await fresh()).length === 1 && (await redis.list('HKEYS', (await fresh())[0]!)).length === 3,
      );
      const [blob] = await fresh();
      seen.add(blob!);
      const parts = await redis.list('HMGET', blob!, '0', '1', '2');
      await spoil(blob!, parts);
    }
    await stage.host();
    await Promise.all(rejections);
    assert.equal(await pool.apply((given: Uint8Array) => given.length, [bytes]), bytes.length);
    await noBlob('spoiled');
  });

  test('a part of a result that was changed or taken away: the task rejects, with retries it runs again', async () => {
    const redis = await stages.server();
    const stage = await stages.of('answers');
    await stage.host();
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify({ ...stage.cluster, lease: 20_000 })} });
      const make = async (file, go, bytes) => (await (${waiting})(file, go, bytes), new Uint8Array(2 ** 21));
      const run = (name, options) => pool.apply(make, [name, ${JSON.stringify(stage.file('go'))}, new Uint8Array(8)], options);
      const tell = (error) => error.code ?? error.name;
      (async () => {
        const [a, b, c] = ['a', 'b', 'c'].map((name) => ${JSON.stringify(stage.folder)} + '/' + name);
        for (const [name, options] of [[a], [b], [c, { retries: 1 }]])
          console.log(await run(name, options).then(({ length }) => length, tell));
        await pool.close();
        await pool.join();
      })();`;
    const program = stage.keep(
      spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'], detached: true }),
    );
    let said = '';
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(program, 'close');
    const { rmSync } = await import('node:fs');
    for (const [name, count] of [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ] as const) {
      await until(() => linesOf(stage.file(name)).length === count);
      // While nobody reads, the result is there.
      process.kill(-program.pid!, 'SIGSTOP');
      appendFileSync(stage.file('go'), '');
      const whole = async () => {
        const found = (await blobs('answers')).find((each) => each.includes(':b:'));
        return found !== undefined && (await redis.list('HKEYS', found)).length === 3 ? found : undefined;
      };
      await until(async () => (await whole()) !== undefined);
      const blob = (await whole())!;
      if (name === 'a') await redis.command('HSET', blob, '1', 'forged');
      else await redis.command('HDEL', blob, '1');
      if (name !== 'c') rmSync(stage.file('go'));
      process.kill(-program.pid!, 'SIGCONT');
    }
    await ended;
    assert.deepEqual(said.trim().split('\n'), ['ERR_AUTHENTICATION', 'ERR_DATA_LOST', String(2 * MIB)]);
    assert.equal(linesOf(stage.file('c')).length, 2);
  });

  test('an argument, a function or a result that is larger than maxPayload is refused: nothing is sent, and the pool goes on', async () => {
    const stage = await stages.of('refused');
    const pool: Pool = stage.pool({ cluster: { maxPayload: 100_000 } });
    const tooLarge = (error: unknown) =>
      error instanceof ClusterError && error.code === 'ERR_TOO_LARGE' && /maxPayload/.test(error.message);
    const size = (given: Uint8Array) => given.length;
    await assert.rejects(async () => await pool.apply(size, [new Uint8Array(100_001)]), tooLarge);
    const captured = new Uint8Array(100_001);
    await assert.rejects(async () => await pool.apply(() => captured.length), tooLarge);
    await assert.rejects(
      async () => await pool.map(size, [new Uint8Array(60_000), new Uint8Array(60_000)], { chunksize: 2 }),
      tooLarge,
    );
    assert.ok(
      (await stages.keys('refused')).every((name) => !/:[tfb]$|:b:/.test(name)),
      (await stages.keys('refused')).join(' '),
    );
    await stage.host();
    assert.equal(await pool.apply(size, [new Uint8Array(90_000)]), 90_000);
    await assert.rejects(
      pool.apply((n: number) => new Uint8Array(n), [100_001]),
      tooLarge,
    );
    assert.equal((await pool.apply((n: number) => new Uint8Array(n), [90_000])).length, 90_000);
    assert.throws(() => stage.pool({ cluster: { maxPayload: 0 } }), RangeError);
    await noBlob('refused');
  });
});
