// What a program and its gateway give each other at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskNews, TaskOrder } from '#dist/cluster/tasks/desk-task.js';
import { packNews, unpackNews } from '#dist/cluster/tasks/packed-news.js';
import { packOrders, unpackOrders } from '#dist/cluster/tasks/packed-orders.js';

const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => (first + i) % 256);

test('orders come out as they went in: of several functions, with and without delay, code and input, small and large', () => {
  const common = { how: 1, start: 7, timeout: -1, retries: 2, priority: 0.5 };
  const orders: TaskOrder[] = [
    { ...common, id: 1, hash: 'a', name: 'one()', retryDelay: undefined, code: '', input: bytes(10, 1) },
    { ...common, id: 2, hash: 'b', name: 'two()', retryDelay: 30, code: 'c', input: bytes(0, 0) },
    {
      ...common,
      id: 3,
      hash: 'a',
      name: 'one()',
      retryDelay: { delay: 1, factor: 2 },
      code: '',
      input: bytes(9000, 2),
    },
    { ...common, id: 4, hash: 'a', name: 'one()', retryDelay: undefined, code: 'd', input: bytes(4095, 3) },
    { ...common, id: 5, hash: 'b', name: 'two()', retryDelay: undefined, code: 'c', input: bytes(4096, 4) },
  ];
  const packed = packOrders(orders);
  assert.equal(packed[0].length, 2);
  assert.deepEqual(unpackOrders(packed), orders);
});

test('a large input has memory of its own, so that it is not kept with small ones', () => {
  const order = (id: number, length: number): TaskOrder => ({
    ...{ id, hash: 'a', name: 'one()', how: 0, start: 0, timeout: -1, retries: 0, retryDelay: undefined },
    ...{ priority: 0, code: '', input: bytes(length, id) },
  });
  const [small, large, other] = unpackOrders(packOrders([order(1, 5), order(2, 100_000), order(3, 6)]));
  assert.equal(small!.input.buffer, other!.input.buffer);
  assert.equal(small!.input.buffer.byteLength, 11);
  assert.equal(large!.input.buffer.byteLength, 100_000);
});

test('news come out as they went in, those with outcomes first', () => {
  const error = new Error('made in the gateway');
  const news: DeskNews = [
    4,
    [
      [1, bytes(3, 1), false],
      [2, undefined, error],
      [3, bytes(5000, 2), true],
    ],
  ];
  const [slots, [first, second, third]] = unpackNews(packNews(news));
  assert.equal(slots, 4);
  assert.deepEqual([first, second, third], [news[1][0], news[1][2], news[1][1]]);
});
