// Cases for runtimes and systems on which the tests cannot run: plain JavaScript, with exported functions. `node cases.mjs` prints a line for
// each, and ends with 1 if one has failed.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Barrier,
  Condition,
  Event,
  Full,
  getContext,
  getStartMethod,
  JoinableQueue,
  Lock,
  Pool,
  Process,
  pipe,
  platformInfo,
  Queue,
  RLock,
  Semaphore,
  SharedArray,
  SharedValue,
} from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import functions from './functions.cjs';
import tripled, * as exported from './functions.mjs';

// Where the binary of Node needs another program to run it, children are started by a script.
if (process.env.ELSEWHERE_NODE) process.execPath = process.env.ELSEWHERE_NODE;
const { platform, processes } = platformInfo();
// Elsewhere Node gives no descriptor of a socket.
const hasDescriptors = process.platform !== 'win32' && process.versions.deno === undefined;
const isNode = process.versions.deno === undefined && process.versions.bun === undefined;
const hasClosures = isNode;

function start(target, ...args) {
  const p = new Process({ target, args });
  p.start();
  return p;
}

const cases = {
  'the platform is the best one here, and the start method follows it': () => {
    assert.equal(platform, process.env.ELSEWHERE_PLATFORM ?? platform);
    assert.equal(getStartMethod(), processes ? 'spawn' : 'thread');
  },
  'a queue keeps its order, with promises and without': async () => {
    const queue = new Queue(3);
    await queue.put(1);
    queue.putSync({ two: [2n, new Date(0)] });
    await queue.put('three');
    assert.throws(() => queue.putNowait(4), Full);
    assert.deepEqual([await queue.get(), queue.getSync(), await queue.get()], [1, { two: [2n, new Date(0)] }, 'three']);
  },
  'items go there and back while both event loops wait': async () => {
    const [numbers, answers] = [new Queue(), new Queue()];
    const p = start(functions.answerAll, numbers, answers);
    for (let n = 1; n <= 100; n++) {
      await numbers.put(n);
      assert.equal(await answers.get(), n + 1);
    }
    numbers.shutdown();
    await p.join();
    assert.equal(p.exitCode, 0);
  },
  'items go there and back while both threads are blocked': () => {
    const [numbers, answers] = [new Queue(), new Queue()];
    const p = start(functions.answerAllSync, numbers, answers);
    for (let n = 1; n <= 1000; n++) {
      numbers.putSync(n);
      assert.equal(answers.getSync(), n + 1);
    }
    numbers.putSync(0);
    p.joinSync();
    assert.equal(p.exitCode, 0);
  },
  'a binary of 40 MB arrives whole': async () => {
    const [end, other] = pipe();
    const p = start(functions.echo, other);
    const bytes = new Uint8Array(40e6).fill(7);
    bytes[39_999_999] = 8;
    await end.send(bytes);
    assert.equal(Buffer.compare(await end.recv(), bytes), 0);
    p.kill();
    await p.join();
  },
  'a lock lets one in at a time': async () => {
    const [value, lock] = [new SharedValue('int32'), new Lock()];
    const all = [1, 2, 3].map(() => start(functions.count, value, lock, 2000));
    for (const p of all) await p.join();
    assert.equal(value.value, 6000);
  },
  'a killed owner passes its lock on to a blocked thread': async () => {
    const [lock, held] = [new Lock(), new Queue()];
    const p = start(functions.hold, lock, held);
    await held.get();
    p.kill();
    assert.equal(lock.acquireSync({ timeout: 60_000 }), true);
    assert.equal(lock.abandoned, true);
    p.joinSync();
    assert.equal(p.exitCode, -9);
  },
  'a killed owner passes its lock on to a promise': async () => {
    const [lock, held] = [new Lock(), new Queue()];
    const p = start(functions.hold, lock, held);
    await held.get();
    const wait = lock.acquire({ timeout: 60_000 });
    p.kill();
    assert.equal(await wait, true);
    assert.equal(lock.abandoned, true);
    await p.join();
  },
  'an owner that ends by itself passes its lock on while its starter is blocked': async () => {
    const [lock, held, told] = [new Lock(), new Queue(), new Queue()];
    const owner = start(functions.holdAndLeave, lock, held);
    await held.get();
    const heir = start(functions.takeOver, lock, told);
    assert.equal(told.getSync({ timeout: 60_000 }), true);
    owner.joinSync();
    heir.joinSync();
    assert.deepEqual([owner.exitCode, heir.exitCode], [3, 0]);
  },
  'an endless loop is ended': async () => {
    const started = new Event();
    const p = start(functions.loop, started);
    await started.wait();
    p.kill();
    await p.join();
    assert.equal(p.exitCode, -9);
  },
  'the lock of a killed thread that computes is passed on when the thread computes no more': async () => {
    const [lock, counter, end] = [new Lock(), new SharedValue('int32'), new SharedValue('int32')];
    const { Process: Thread } = getContext('thread');
    const p = new Thread({ target: functions.countUntil, args: [lock, counter, end] });
    p.start();
    while (counter.value === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    p.kill();
    await p.join();
    assert.equal(p.exitCode, -9);
    // Deno lets the thread run on: nobody gets the lock meanwhile.
    if (!(await lock.acquire({ timeout: 300 }))) {
      end.value = 1;
      assert.equal(await lock.acquire({ timeout: 60_000 }), true);
    }
    const counted = counter.value;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(counter.value, counted);
  },
  'an event wakes blocked waiters': async () => {
    const [event, told] = [new Event(), new Queue()];
    const all = [1, 2].map(() => start(functions.waitFor, event, told));
    event.set();
    for (const _ of all) await told.get({ timeout: 60_000 });
    for (const p of all) await p.join();
  },
  'a barrier lets all go at once': async () => {
    const [barrier, met] = [new Barrier(3), new Queue()];
    const all = [1, 2].map(() => start(functions.meet, barrier, met));
    await barrier.wait({ timeout: 60_000 });
    for (const p of all) await p.join();
    assert.equal(met.qsize(), 2);
  },
  'a semaphore counts': () => {
    const semaphore = new Semaphore(2);
    assert.deepEqual(
      [1, 2, 3].map(() => semaphore.acquireSync({ timeout: 0 })),
      [true, true, false],
    );
    semaphore.release();
    assert.equal(semaphore.acquireSync({ timeout: 0 }), true);
  },
  'an RLock is taken twice': () => {
    const lock = new RLock();
    assert.deepEqual([lock.acquireSync(), lock.acquireSync()], [true, true]);
    lock.release();
    lock.release();
    assert.throws(() => lock.release());
  },
  'an RLock and a condition know their owner inside with(), and after an await or say why not': async () => {
    const [lock, condition] = [new RLock(), new Condition()];
    await lock.with(async () => {
      await null;
      assert.equal(await lock.acquire(), true);
      lock.release();
    });
    await condition.with(async () => {
      await null;
      condition.notify();
      assert.equal(await condition.wait({ timeout: 10 }), false);
    });
    for (const each of [lock, condition]) {
      if (isNode) {
        assert.equal(await each.acquire(), true);
        each.release();
      } else await assert.rejects(each.acquire(), { name: 'PlatformError', message: /with\(fn\)/ });
      assert.equal(await each.with(() => 'free'), 'free');
    }
  },
  'a condition wakes a blocked waiter': async () => {
    const [condition, told] = [new Condition(), new Queue()];
    const p = start(functions.waitOnce, condition, told);
    await told.get();
    // The waiter has let go of the lock by then, and waits.
    condition.acquireSync();
    condition.notify();
    condition.release();
    assert.equal(await told.get(), true);
    await p.join();
  },
  'a joinable queue waits for what is in hand': async () => {
    const queue = new JoinableQueue();
    await queue.put(1);
    await queue.get();
    queue.taskDone();
    await queue.join({ timeout: 60_000 });
  },
  'a time-out is a time-out': () => assert.throws(() => new Queue().getSync({ timeout: 30 }), { name: 'Empty' }),
  'a slice of a SharedArray is the same memory elsewhere': async () => {
    const array = new SharedArray('float64', [5, 3, 1, 4, 2, 0]);
    await start(functions.sort, array.view.subarray(1, 5)).join();
    assert.deepEqual([...array], [5, 1, 2, 3, 4, 0]);
    await start(functions.fill, array.view).join();
    assert.deepEqual([...array], [0, 1, 2, 3, 4, 5]);
  },
  'a pool maps, and its errors come back': async () => {
    const pool = new Pool(2);
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    assert.deepEqual(
      await pool.map(functions.double, numbers),
      numbers.map((n) => n * 2),
    );
    await assert.rejects(pool.apply(functions.fail), { name: 'RangeError', message: 'on purpose' });
    await pool.close();
    await pool.join();
  },
  'a manager serves a dict': async () => {
    const manager = new Manager();
    const dict = await manager.dict({ a: 1 });
    await start(functions.addTo, dict).join();
    assert.equal(await dict.get('b'), 2);
    await manager.shutdown();
  },
  'exports of an ES module travel: functions, the default, a class and its static method': async () => {
    const pool = new Pool(1);
    const { doubled, tools, Point } = exported;
    assert.deepEqual(
      [await pool.apply(doubled, [2]), await pool.apply(tripled, [2]), await pool.apply(tools.negated, [2])],
      [4, 6, -2],
    );
    assert.equal(await pool.apply(Point.distance, [3, 4]), 5);
    const queue = new Queue();
    queue.putSync([Point, doubled]);
    assert.deepEqual(queue.getSync(), [Point, doubled]);
    await pool.close();
    await pool.join();
  },
  'a listener serves at a place of its own, at a path, at an address and at the name of a host': async () => {
    const path = join(tmpdir(), `multiproc-case-${process.pid}-${Date.now()}`);
    for (const address of [undefined, path, '127.0.0.1:0', 'localhost:0']) {
      const listener = new Listener({ address, authKey: 'a key of the cases' });
      const [served, client] = await Promise.all([
        listener.accept(),
        connect(listener.address, { authKey: 'a key of the cases' }),
      ]);
      const sent = { text: 'hello', bytes: new Uint8Array(300_000).fill(5), big: 2n ** 70n };
      await client.send(sent);
      assert.deepEqual(await served.recv(), sent);
      await served.sendBytes(new Uint8Array([1, 2]));
      assert.deepEqual([...(await client.recvBytes())], [1, 2]);
      client.close();
      await assert.rejects(served.recv(), { name: 'EndOfStreamError' });
      served.close();
      listener.close();
    }
  },
  'an address that is in use is refused at once, and free again afterwards': async () => {
    const path = join(tmpdir(), `multiproc-use-${process.pid}-${Date.now()}`);
    // Under wine two servers may have one pipe: those of `node:net` may, too.
    const places = process.platform === 'win32' ? ['127.0.0.1:0'] : [path, '127.0.0.1:0'];
    for (const address of places) {
      const first = new Listener({ address });
      assert.throws(() => new Listener({ address: first.address }), { code: 'EADDRINUSE' });
      const [served, client] = await Promise.all([first.accept(), connect(first.address)]);
      served.close();
      client.close();
      first.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    new Listener({ address: path }).close();
  },
  'the Sync calls of a socket work, or say what to do': async () => {
    const listener = new Listener({ authKey: 'a key of the cases' });
    const [served, client] = await Promise.all([
      listener.accept(),
      connect(listener.address, { authKey: 'a key of the cases' }),
    ]);
    if (hasDescriptors) {
      client.sendSync({ n: 1 });
      assert.deepEqual(served.recvSync(), { n: 1 });
      assert.throws(() => served.recvSync({ timeout: 20 }), { name: 'TimeoutError' });
    } else assert.throws(() => client.sendSync(1), { name: 'StateError', message: /await the others/ });
    for (const end of [served, client, listener]) end.close();
  },
  'a manager that listens serves another program': async () => {
    const manager = new Manager({ address: '127.0.0.1:0', authKey: 'a key of the cases' });
    manager.start();
    const other = new Manager({ address: manager.address, authKey: 'a key of the cases' });
    await other.connect();
    const list = other.list([1]);
    await list.push(2);
    assert.equal(await list.length(), 2);
    await other.shutdown();
    await manager.shutdown();
  },
  'a closure travels, or is refused in a sentence': async () => {
    const n = 6;
    const pool = new Pool(1);
    if (hasClosures) assert.equal(await pool.apply(() => n * 7), 42);
    else
      await assert.rejects(
        pool.apply(() => n * 7),
        { name: 'SerializationError', message: /export the function/ },
      );
    pool.terminate();
    await pool.join();
  },
  'what needs processes says so': () => {
    if (processes) return;
    const refused = { name: 'PlatformError', message: /platforms\.md/ };
    assert.throws(() => new (getContext('spawn').Process)({ target: functions.double }).start(), refused);
    assert.throws(() => new Process({ target: functions.double, descendants: true }), refused);
  },
};

console.log(JSON.stringify(platformInfo()));
let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}`);
    console.log(error);
  }
}
console.log(`${Object.keys(cases).length - failed} of ${Object.keys(cases).length} cases hold`);
process.exit(failed === 0 ? 0 : 1);
