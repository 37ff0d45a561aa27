// Items and values that are larger than a server, a gateway or maxPayload takes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { skip } from './redis-server.ts';
import { Stages } from './stages.ts';

const tooLarge = (text: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, 'ERR_TOO_LARGE', String(error));
  assert.match(error.message, text);
  return true;
};

describe('large values', { skip, timeout: 250_000 }, () => {
  const stages = new Stages();

  test('an item of a queue, and what is set in a dict or a value, may not have more than maxPayload: the call rejects, nothing is stored, and later calls work', async () => {
    const cluster = await stages.cluster({ maxPayload: 10_000, namespace: 'limit' });
    const [small, large] = [Buffer.alloc(9000, 1), Buffer.alloc(11_000, 2)];
    const limit = tooLarge(/ has 1\d{4} bytes as a message, and maxPayload of the cluster is 10000: nothing .* divide/);
    const queue = cluster.queue(0, { name: 'q' });
    await assert.rejects(queue.put(large), limit);
    await assert.rejects(queue.putNowait(large), limit);
    await assert.rejects(queue.putMany([small, large]), limit);
    assert.equal(await queue.qsize(), 0);
    await queue.putMany([small, small]);
    assert.equal((await queue.getMany(100)).length, 2);
    const dict = cluster.dict<string, unknown>({}, { name: 'd' });
    await assert.rejects(dict.set('k', large), limit);
    await assert.rejects(dict.set('x'.repeat(11_000), 1), limit);
    await assert.rejects(dict.assign({ a: small, b: small }), limit);
    await assert.rejects(
      dict.update('k', () => large),
      limit,
    );
    await assert.rejects(dict.setDefault('k', large), limit);
    assert.equal(await dict.size(), 0);
    await dict.set('k', small);
    await assert.rejects(cluster.dict({ k: large }, { name: 'first' }).size(), limit);
    const value = cluster.value<unknown>(small, { name: 'v' });
    await assert.rejects(value.set(large), limit);
    await assert.rejects(
      value.update(() => large),
      limit,
    );
    assert.deepEqual(await value.get(), small);
    await assert.rejects(cluster.value(large, { name: 'w' }).get(), limit);
  });

  test('a put of 600 MB rejects, whatever maxPayload is, and ends neither the gateway nor the server', async () => {
    const [usual, wide] = await Promise.all([
      stages.cluster({ namespace: 'usual' }),
      stages.cluster({ namespace: 'wide', maxPayload: 2 ** 31 }),
    ]);
    const large = Buffer.alloc(600e6);
    for (const [cluster, text] of [
      [usual, /maxPayload of the cluster is 268435456/],
      [wide, /a server stores 535822336 at most/],
    ] as const) {
      const queue = cluster.queue();
      await assert.rejects(queue.put(large), tooLarge(text));
      await assert.rejects(cluster.dict<string, Buffer>().set('k', large), tooLarge(text));
      await queue.put('small');
      assert.equal(await queue.get(), 'small');
    }
  });
});
