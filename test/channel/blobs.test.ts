import assert from 'node:assert/strict';
import { Queue } from 'multiproc';
import { test } from '../cases.ts';

const MEBIBYTE = 2 ** 20;

/** True with the C library of most Linux systems; musl has no such thing as mallopt. Elsewhere no report is asked for: while other threads start, wine ends Node within it. */
const isGlibc =
  process.platform === 'linux' &&
  'glibcVersionRuntime' in ((process.report.getReport() as { header: object }).header ?? {});

test('large binaries are received into the same memory again and again', { skip: !isGlibc && 'musl' }, () => {
  using queue = new Queue<Uint8Array>();
  const item = new Uint8Array(MEBIBYTE).fill(7);
  const receive = (count: number): void => {
    for (let i = 0; i < count; i++) {
      queue.putSync(item);
      assert.equal(queue.getSync()[i % MEBIBYTE], 7);
    }
  };
  receive(200);
  const before = process.resourceUsage().minorPageFault;
  receive(400);
  const faults = process.resourceUsage().minorPageFault - before;
  // Fresh memory takes 256 for each item, 102,400 in all.
  assert.ok(faults < 40_000, `${faults} page faults`);
});

test('a text that is larger than a window of the heap arrives whole', async () => {
  const queue = new Queue<string[]>();
  const text = 'ab'.repeat(2 ** 25 + 1);
  await queue.put([text]);
  assert.equal((await queue.get())[0] === text, true);
});
