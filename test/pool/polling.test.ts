import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_YET, type NotYet } from '#dist/waits/attempt.js';

process.env.MULTIPROC_PLATFORM = 'portable';
const { LoopPoll } = await import('#dist/pool/polling.js');
const { platform } = await import('#dist/platform/choose.js');
// To choose the platform takes so long that it looks like a CPU that was given away.
platform().yieldCpu();

test('where the CPU cannot be offered, a poll in vain ends in a sleep, and the next waits are slept through', async () => {
  const poll = new LoopPoll();
  let tries = 0;
  const wait = () =>
    new Promise<string>((found) => {
      const attempt = (): NotYet => {
        tries++;
        return NOT_YET;
      };
      poll.wait<string>(
        attempt,
        () => true,
        async () => 'slept',
        found,
      );
    });
  assert.equal(await wait(), 'slept');
  assert.ok(tries > 0);
  for (let i = 0; i < 8; i++) {
    tries = 0;
    assert.equal(await wait(), 'slept');
    assert.equal(tries, 0);
  }
  assert.equal(await wait(), 'slept');
  assert.ok(tries > 0);
});
