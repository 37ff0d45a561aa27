import assert from 'node:assert/strict';
import { type Connection, EndOfStreamError, pipe, Queue, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { slay, startThread } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

/** Comes in time, and not before its time. */
async function tryToReceive(end: Connection): Promise<void> {
  const message = await end.recv({ timeout: 1 }).catch(() => undefined);
  await end.poll({ signal: AbortSignal.timeout(1) }).catch(() => {});
  if (message !== undefined) await end.send(message).catch(() => {});
  end.close();
}

test('a receiver that is disturbed at any point takes one message at most', async () => {
  const count = await disturbEverywhere(
    (end: Connection, _: Connection) => void end.recvSync(),
    () => {
      const [here, there] = pipe();
      for (const item of [1, { two: 2 }, 'three']) there.sendSync(item);
      return [here, there] as [Connection, Connection];
    },
    async ({ isDead, threw }, here) => {
      const first = await here.recv(TIMEOUT);
      if (!isDead) assert.equal(first === 1, threw.length === 1, 'it was taken');
      assert.ok(first === 1 || (first as { two: number }).two === 2, String(first));
      if (first === 1) assert.deepEqual(await here.recv(TIMEOUT), { two: 2 });
      assert.equal(await here.recv(TIMEOUT), 'three');
    },
    { meanwhile: async (here) => void (await here.poll({ timeout: 1 })) },
  );
  assert.ok(count >= 3, `${count}`);
});

let given: Connection;
let other: Connection;

/** The other end is the victim's alone. */
function ends(): [Connection] {
  [given, other] = pipe();
  return [other];
}

/** All that is still to come, until the end of the other side. */
async function rest(end: Connection): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const message of end) seen.push(message);
  return seen;
}

test('a sender that is disturbed at any point tears nothing, and its end is gone', async () => {
  const count = await disturbEverywhere(
    (end: Connection) => {
      try {
        end.sendSync({ whole: 'x'.repeat(100) });
      } finally {
        end.close();
      }
    },
    ends,
    async ({ isDead, threw }) => {
      other.close();
      const seen = await rest(given);
      if (!isDead && threw.length === 0) assert.equal(seen.length, 1);
      assert.ok(seen.length <= 1);
      if (seen.length === 1) assert.deepEqual(seen, [{ whole: 'x'.repeat(100) }]);
    },
    { meanwhile: async (end) => end.close() },
  );
  assert.ok(count >= 3, `${count}`);
});

test('an end that is disturbed at any point of close is gone', async () => {
  const count = await disturbEverywhere(
    (end: Connection) => end.close(),
    ends,
    async () => {
      other.close();
      await assert.rejects(given.recv(TIMEOUT), EndOfStreamError);
    },
    { meanwhile: tryToReceive },
  );
  assert.ok(count >= 3, `${count}`);
});

test('an end that is disturbed at any point of its way is gone in the end, or arrives', async () => {
  await disturbEverywhere(
    async (line: Connection, traveller: Connection, _: Connection) => {
      try {
        await line.send(traveller);
        traveller.close();
        const back: Connection = await line.recv();
        await back.send('there and back');
        back.close();
      } finally {
        line.close();
      }
    },
    () => {
      ends();
      const line = given;
      // Whatever comes goes back.
      void (async () => {
        for await (const end of line) {
          await line.send(end).catch(() => {});
          (end as Connection).close();
        }
        // With what it did not take any more.
        line.close();
      })();
      const [here, traveller] = pipe();
      return [other, traveller, here] as [Connection, Connection, Connection];
    },
    async ({ isDead, threw }, line, traveller, here) => {
      if (!isDead) assert.deepEqual(threw, []);
      line.close();
      traveller.close();
      const seen = await rest(here);
      if (!isDead) assert.deepEqual(seen, ['there and back']);
      assert.ok(seen.length <= 1, String(seen));
    },
    { ways: ['kill', 'stop'], where: 'ring/' },
  );
});

for (const kind of ['blocked', 'looping'] as const) {
  test(`disturbed anywhere in a ${kind} wait for a message, a process holds up nobody`, async () => {
    const waits = {
      blocked: (end: Connection) => end.pollSync({ timeout: 1 }),
      looping: (end: Connection) => end.poll({ timeout: 1 }),
    };
    await disturbEverywhere(
      waits[kind] as (end: Connection, other: Connection) => unknown,
      () => pipe() as [Connection, Connection],
      async ({ threw }, here, there) => {
        assert.deepEqual(threw, []);
        const got = here.recv(TIMEOUT);
        there.sendSync('at last');
        assert.equal(await got, 'at last');
      },
      { meanwhile: (here) => tryToReceive(here) },
    );
  });
}

/** With this many holders of an end, the test itself included, the pipe's own words have no room for the next one. */
const CROWD = 13;

test('disturbed anywhere as it is one too many for the words of an end, a process is there or not', async () => {
  const arrived = new Queue<number>();
  const ways = Array.from({ length: CROWD }, () => new Queue<Connection>());
  // Each holds the end of the last round until that of the next one comes.
  const crowd = ways.map((way) =>
    startThread(
      async (way: Queue<Connection>, arrived: Queue<number>) => {
        for (let held: Connection | undefined; ; ) {
          const next = await way.get();
          held?.close();
          held = next;
          await arrived.put(1);
        }
      },
      way,
      arrived,
    ),
  );
  await disturbEverywhere(
    (queue: Queue<Connection>) => {
      using end = queue.getSync();
      end.sendSync('here');
    },
    () => {
      ends();
      for (const way of ways) way.putSync(other);
      for (const _ of ways) arrived.getSync();
      const queue = new Queue<Connection>();
      queue.putSync(other);
      return [queue];
    },
    async ({ isDead, threw }) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      if (!isDead && threw.length === 0) assert.equal(await given.recv(TIMEOUT), 'here');
      other.close();
      // The crowd has it still.
      const next = given.recv({ timeout: 10 });
      await assert.rejects(
        next.then((said) => assert.equal(said, 'here') ?? given.recv({ timeout: 10 })),
        TimeoutError,
      );
    },
    { where: 'connection/end-holders.ts' },
  );
  for (const each of crowd) await slay(each);
});
