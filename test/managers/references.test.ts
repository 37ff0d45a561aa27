import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Pool, Queue, type SimpleQueue } from 'multiproc';
import { type Factory, Manager } from 'multiproc/managers';
import { heapBytes, slay, start, until } from '../inside.ts';
import { start as startProgram } from '../process/program.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const disposed = new Queue<string>();

class Watched {
  readonly name: string;
  static disposed: Queue<string> | undefined;
  constructor(name: string) {
    this.name = name;
  }
  touch(): number {
    return 1;
  }
  [Symbol.dispose](): void {
    (globalThis as unknown as { disposed: Queue<string> }).disposed.putSync(this.name);
  }
}

class Shared extends Manager {
  declare watched: Factory<typeof Watched>;
}
Shared.register('watched', Watched);

const manager = new Shared({
  address: '127.0.0.1:0',
  authKey: 'the test key',
  initializer: (queue: typeof disposed) => {
    (globalThis as unknown as { disposed: typeof disposed }).disposed = queue;
  },
  initargs: [disposed],
});
after(() => manager.shutdown());

/** The next object that the server has let go of; a hang is the runner's business. */
async function next(): Promise<string> {
  for (;;) {
    gc();
    try {
      return await disposed.get({ timeout: 50 });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_QUEUE_EMPTY') throw error;
    }
  }
}

test('an object is dropped when its proxy is released or collected', async () => {
  const object = manager.watched('let go');
  await object.touch();
  object[Symbol.dispose]();
  assert.equal(await next(), 'let go');
  await (async () => {
    await manager.watched('collected').touch();
  })();
  assert.equal(await next(), 'collected');
});

test('an object stays while a process, an unread message or a container has it', async () => {
  const order = new Queue<unknown>();
  const object = manager.watched('shared');
  const child = start(
    async (o: typeof object, q: Queue<unknown>) => {
      await q.get();
      await o.touch();
    },
    object,
    order,
  );
  const inQueue = manager.watched('in a queue');
  const mailbox = new Queue<typeof object>();
  await mailbox.put(inQueue);
  const list = manager.list([manager.watched('in a list')]);
  await list.length();
  object[Symbol.dispose]();
  inQueue[Symbol.dispose]();
  // Something that comes after all of those.
  const marker = manager.watched('marker');
  await marker.touch();
  marker[Symbol.dispose]();
  assert.equal(await next(), 'marker');
  await order.put('go on');
  await child.join();
  assert.equal(child.exitCode, 0);
  assert.equal(await next(), 'shared');
  const received = await mailbox.get();
  assert.equal(await received.touch(), 1);
  received[Symbol.dispose]();
  assert.equal(await next(), 'in a queue');
  const inList = (await list.pop())!;
  assert.equal(await inList.touch(), 1);
  inList[Symbol.dispose]();
});

test('a pool’s task is given one, and one comes back as its result', async () => {
  const pool = new Pool(1);
  const object = manager.watched('through a pool');
  const back = await pool.apply(
    async (o: typeof object) => {
      await o.touch();
      return o;
    },
    [object],
  );
  assert.equal(back, object);
  back[Symbol.dispose]();
  // The worker may still have it.
  pool.close();
  await pool.join();
  let name = await next();
  // Of the test before: the server has collected what was in its list by now.
  if (name === 'in a list') name = await next();
  assert.equal(name, 'through a pool');
});

test('the objects of a killed member are released', async () => {
  const said = new Queue<number>();
  const holder = start(
    async (m: ReturnType<typeof manager.watched>, q: SimpleQueue<number> | Queue<number>) => {
      await m.touch();
      q.putSync(1);
      new Queue().getSync();
    },
    manager.watched('of a killed member'),
    said,
  );
  await said.get();
  await slay(holder);
  let name = await next();
  if (name === 'in a list') name = await next();
  assert.equal(name, 'of a killed member');
});

test('the objects of a killed client outside the family are released', async () => {
  const client = startProgram(resolve('build/test/managers/fixtures/leave-objects.js'), {
    args: [manager.address as string, 'the test key'],
  });
  await client.said('made');
  client.kill('SIGKILL');
  const names = new Set<string>();
  while (names.size < 20) {
    const name = await next();
    if (name.startsWith('far ')) names.add(name);
  }
  await client.ended;
});

test('thousands of objects leave no memory behind', async () => {
  const make = async (n: number) => {
    const all = Array.from({ length: n }, (_, i) => manager.list([i]));
    assert.equal(await all.at(-1)!.at(0), n - 1);
    for (const list of all) list[Symbol.dispose]();
    // What comes after them on the same way.
    const marker = manager.watched('after them');
    await marker.touch();
    marker[Symbol.dispose]();
    while ((await next()) !== 'after them') {}
  };
  // What is on its way back may overlap with the next round: the heap grows until there is room for both.
  for (let i = 0; i < 10; i++) await make(1000);
  const before = heapBytes();
  for (let i = 0; i < 10; i++) await make(1000);
  await until(() => heapBytes() <= before + 2 ** 18);
});

test('the objects of a killed member whose parent has not loaded managers are released', async () => {
  const program = startProgram(resolve('build/test/managers/fixtures/plain-parent.js'));
  await program.said('disposed');
  await program.ended;
});
