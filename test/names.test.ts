// What is exported is called what it is exported as: a bundler may have renamed what its own body mentions, or what it found twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as multiproc from 'multiproc';
import * as cluster from 'multiproc/cluster';
import * as connection from 'multiproc/connection';
import * as managers from 'multiproc/managers';
import * as queue from 'multiproc/queue';
import * as sharedMemory from 'multiproc/shared-memory';

for (const [door, exported] of Object.entries({
  multiproc,
  cluster,
  connection,
  managers,
  queue,
  sharedMemory,
})) {
  test(`each class and function of ${door} has the name by which it is exported`, () => {
    for (const [name, value] of Object.entries<unknown>(exported)) {
      if (typeof value === 'function') assert.equal(value.name, name);
    }
  });
}

test('the class of the end of a pipe has a readable name', () => {
  const [end] = multiproc.pipe();
  assert.match(end.constructor.name, /^[A-Z]\w+Connection$/);
  end.close();
});
