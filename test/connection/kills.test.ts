import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Connection, EndOfStreamError, pipe, Queue, TimeoutError } from 'multiproc';
import { watchdog } from '../hang.ts';
import { heapBytes, isAsleep, slay, start, until } from '../inside.ts';

const LONG = { timeout: 30_000 };

describe('a pipe whose other end was killed', () => {
  for (const kind of ['looping', 'blocked'] as const) {
    test(`a pipe whose other end was killed ends for a ${kind} receiver, after what was sent`, async () => {
      using _ = watchdog(`${kind} receiver`, 60);
      const [here, there] = pipe();
      const victim = start(async (end: Connection) => {
        await end.send('last words');
        await end.recv();
      }, there);
      there.close();
      assert.equal(await here.recv(LONG), 'last words');
      const result = new Queue<string>();
      const waiter = start(
        async (end: Connection, out: Queue<string>, blocked: boolean) => {
          try {
            if (blocked) end.recvSync();
            else await end.recv();
          } catch (error) {
            out.putSync((error as Error).name);
          }
        },
        here,
        result,
        kind === 'blocked',
      );
      await until(() => isAsleep(waiter) && isAsleep(victim));
      victim.kill();
      // The parent of the dead one does not turn its event loop: the waiter learns of it by itself.
      assert.equal(result.getSync(LONG), 'EndOfStreamError');
      await victim.join();
      await waiter.join();
    });
  }

  test('a pipe whose other end was killed ends for a sender that waits for room', async () => {
    using _ = watchdog('sender', 60);
    const [here, there] = pipe();
    const victim = start(
      (end: Connection) =>
        end.pollSync({ timeout: 60_000 }) && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
      there,
    );
    there.close();
    const full = (async () => {
      for (;;) await here.send('more and more');
    })();
    await slay(victim);
    await assert.rejects(full, EndOfStreamError);
  });

  test('a pipe whose other end was killed lives as long as another member holds that end', async () => {
    using _ = watchdog('two holders', 60);
    const [here, there] = pipe();
    const hold = (end: Connection) => end.recvSync();
    const first = start(hold, there);
    await here.send('one');
    await first.join();
    const second = start(hold, there);
    const third = start(hold, there);
    there.close();
    await until(() => isAsleep(second) && isAsleep(third));
    await slay(second);
    const pending = here.recv();
    await here.send('two');
    await third.join();
    assert.equal(third.exitCode, 0);
    await assert.rejects(pending, EndOfStreamError);
  });
});

test('an end of a pipe on its way is not gone, and is when nobody took it out', async () => {
  using _ = watchdog('on its way', 60);
  const [here, there] = pipe();
  const queue = new Queue<Connection>();
  await queue.put(there);
  there.close();
  assert.equal(await here.poll({ timeout: 20 }), false);
  const pending = here.recv();
  queue.close();
  await assert.rejects(pending, EndOfStreamError);

  const [a, b] = pipe();
  const [carrier, receiver] = pipe<Connection>();
  await carrier.send(b);
  b.close();
  const arrived = await receiver.recv();
  await arrived.send('through');
  assert.equal(await a.recv(), 'through');
  arrived.close();
  await assert.rejects(a.recv(LONG), EndOfStreamError);
});

test('an end of a pipe that was collected is gone', async () => {
  using _ = watchdog('collected', 60);
  const open = () => pipe()[0];
  const here = open();
  let isOver = false;
  const ended = assert.rejects(here.recv(), EndOfStreamError).finally(() => {
    isOver = true;
  });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await until(() => {
    collect();
    return isOver;
  });
  await ended;
});

test('ends of pipes travel to and fro, and always arrive', async () => {
  using _ = watchdog('to and fro', 60);
  const [a, b] = pipe();
  const [line, far] = pipe();
  const child = start(async (end: Connection) => {
    for await (const travelling of end) {
      await end.send(travelling);
      travelling.close();
    }
  }, far);
  far.close();
  // Another process looks all the time whether that end is gone.
  const looker = start((end: Connection) => {
    for (;;) if (end.pollSync()) return end.recvSync();
  }, a);
  let travelling = b;
  for (let i = 0; i < 300; i++) {
    await line.send(travelling);
    travelling.close();
    travelling = await line.recv(LONG);
  }
  await travelling.send('seen to the end');
  await looker.join();
  assert.equal(looker.exitCode, 0);
  line.close();
  await child.join();
});

test('pipes leave no memory behind', async () => {
  const round = async () => {
    for (let i = 0; i < 200; i++) {
      const [a, b] = pipe();
      await a.send({ i });
      await a.sendBytes(new Uint8Array(40_000));
      a.close();
      b.close();
    }
  };
  await round();
  const level = heapBytes();
  for (let i = 0; i < 5; i++) await round();
  assert.ok(heapBytes() - level < 500_000, `${heapBytes() - level} bytes more`);
});

test('a pipe is full from 1024 messages, or 16 MiB of them', async () => {
  using _ = watchdog('full', 60);
  for (const [message, room] of [
    [7, 1024],
    [{ text: 'x'.repeat(100) }, 1024],
    [new Uint8Array(2 ** 20), 16],
    [['x'.repeat(2 ** 16), new Uint8Array(2 ** 16)], 128],
    [new Uint8Array(2 ** 26), 1],
  ] as const) {
    const [here, there] = pipe();
    let sent = 0;
    for (;;) {
      try {
        here.sendSync(message, { timeout: 0 });
        sent++;
      } catch (error) {
        assert.ok(error instanceof TimeoutError);
        break;
      }
    }
    assert.ok(sent >= room && sent <= room + 1, `${sent} of ${room}`);
    const waiting = here.send(message);
    for (let i = 0; i < 2; i++) assert.deepEqual(await there.recv(), message);
    await waiting;
    here.close();
    for (let i = 0; i < sent - 1; i++) await there.recv();
    await assert.rejects(there.recv(), EndOfStreamError);
  }
});

test('512 MB pass through a pipe, both ways', async () => {
  using _ = watchdog('512 MB', 120);
  const [here, there] = pipe();
  const child = start(async (end: Connection) => {
    const bytes = await end.recvBytes();
    await end.send({ length: bytes.length, last: bytes.at(-1), back: bytes });
  }, there);
  const big = new Uint8Array(512 * 2 ** 20);
  big[big.length - 1] = 7;
  await here.sendBytes(big);
  const { length, last, back } = (await here.recv()) as { length: number; last: number; back: Uint8Array };
  assert.deepEqual([length, last, back.length, back.at(-1)], [big.length, 7, big.length, 7]);
  await child.join();
});
