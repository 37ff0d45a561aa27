// On the portable platform a watcher is started when a member may need it. It must see all that has ended before, or ends meanwhile.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { run } from '../process/program.ts';

const fixture = (name: string) => resolve(`build/test/memory/fixtures/${name}.js`);
const env = { MULTIPROC_PLATFORM: 'portable' };

describe('a watcher', () => {
  const counts = { two: 0, third: 1, join: 1, 'in turn': 1 };
  const says = {
    two: 'is not started for a pool of two threads',
    third: 'is started for a third thread',
    join: 'is started, once, for a thread that waits for its own',
    'in turn': 'is started for a third thread, also if the first has ended before the second starts',
  };
  for (const [how, count] of Object.entries(counts)) {
    test(`a watcher ${says[how as keyof typeof says]}`, { timeout: 120_000 }, async () => {
      const { stdout, stderr, code } = await run(fixture('watchers'), { args: [how], env });
      assert.deepEqual([stdout.trim(), stderr, code], [String(count), '', 0]);
    });
  }
});

describe('the lock of a thread that has ended is passed on while the starter is busy: the thread ended', {
  concurrency: 3,
}, () => {
  const ways = { exit: [0, 20, 300], error: [0], memory: [0], kill: [0, 20, 300], 'with its starter': [0, 300] };
  for (const [how, delays] of Object.entries(ways)) {
    for (const first of ['holder', 'heir']) {
      for (const delay of delays) {
        const says = `${how}; the ${first} had been started first; ${delay} ms after the wait had begun`;
        test(`a lock is passed on: ${says}`, { timeout: 120_000 }, async () => {
          const { stdout, stderr } = await run(fixture('bereaved'), { args: [how, first, String(delay)], env });
          assert.equal(stdout.trim(), '2', stderr);
        });
      }
    }
  }
});
