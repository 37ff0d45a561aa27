import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { Process, Queue, StateError } from 'multiproc';
import { SharedMemory } from 'multiproc/shared-memory';
import { fs } from '#dist/engine/builtins.js';
import { files } from '#dist/platform/choose.js';
import { slay, start } from '../inside.ts';
import { end, exists, FOLDER, freshName, hasFolder, isNoted, run } from './segments.ts';

/** What any program does next: it sweeps. */
function nextUse(): void {
  using memory = SharedMemory.create({ size: 1 });
  memory.unlink();
}

test('segments of a killed program are removed by the next use in any other', async () => {
  const names = [freshName(), freshName()];
  const { child } = await run('shared-memory-owner', ...names);
  await end(child, 'SIGKILL');
  assert.deepEqual(names.map(exists), [true, true]);
  nextUse();
  assert.deepEqual(names.map(exists), [false, false]);
  assert.equal(hasFolder(child.pid), false);
});

for (const [call, code] of [
  ['openSync', 'EACCES'],
  ['unlinkSync', 'ENOMEM'],
] as const) {
  test(`a segment of which ${call} is refused just now is removed by the use after that`, async () => {
    const name = freshName();
    const { child } = await run('shared-memory-owner', name);
    await end(child, 'SIGKILL');
    const original = fs[call] as (path: string, ...args: unknown[]) => unknown;
    Reflect.set(fs, call, (path: string, ...args: unknown[]) => {
      if (path.endsWith(`/${name}`)) throw Object.assign(new Error('refused'), { code });
      return original(path, ...args);
    });
    try {
      nextUse();
    } finally {
      Reflect.set(fs, call, original);
    }
    assert.equal(exists(name), true);
    nextUse();
    assert.equal(exists(name), false);
  });
}

test('a program that is started again after a kill can make its segments anew, and nobody finds the old ones', async () => {
  const name = freshName();
  for (let i = 0; i < 2; i++) {
    const { child, line } = await run('shared-memory-owner', name);
    assert.equal(line, 'made');
    await end(child, 'SIGKILL');
  }
  assert.equal(exists(name), true);
  assert.throws(() => SharedMemory.attach(name), StateError);
  assert.equal(exists(name), false);
});

test('a segment that is on its way when its maker is killed arrives', async () => {
  const queue = new Queue<SharedMemory>();
  const p = start(async (q: Queue<SharedMemory>) => {
    const memory = SharedMemory.create({ size: 1 });
    memory.buffer[0] = 7;
    await q.put(memory);
    process.kill(process.pid, 'SIGKILL');
  }, queue);
  await p.join();
  assert.equal(p.exitCode, -9);
  using memory = await queue.get();
  nextUse();
  assert.deepEqual([memory.buffer[0], exists(memory.name)], [7, true]);
  memory.unlink();
});

test('the segments of a program that ends by itself are removed at its end', async () => {
  const name = freshName();
  const { child } = await run('shared-memory-owner', name);
  assert.equal(exists(name), true);
  await end(child);
  assert.equal(exists(name), false);
  assert.equal(hasFolder(child.pid), false);
});

test('a persistent segment stays, however its program ends, until it is unlinked', async () => {
  for (const signal of [undefined, 'SIGKILL'] as const) {
    const name = freshName();
    const { child } = await run('shared-memory-owner', `+${name}`);
    await end(child, signal);
    nextUse();
    using memory = SharedMemory.attach(name);
    assert.equal(memory.buffer[63], 5);
    memory.unlink();
    assert.equal(exists(name), false);
  }
});

test('the segments of a living program stay, whatever others do, even after it has closed them', async () => {
  const name = freshName();
  const { child } = await run('shared-memory-owner', name);
  const closed = SharedMemory.create({ size: 1 });
  closed.close();
  for (const owner of [freshName(), freshName()]) {
    const other = await run('shared-memory-owner', owner);
    await end(other.child, 'SIGKILL');
    nextUse();
    assert.equal(exists(owner), false);
  }
  assert.equal(exists(name), true);
  assert.equal(exists(closed.name), true);
  closed.unlink();
  await end(child);
});

test('the segments of a stopped program stay', async () => {
  const name = freshName();
  const { child } = await run('shared-memory-owner', name);
  child.kill('SIGSTOP');
  nextUse();
  assert.equal(exists(name), true);
  child.kill('SIGCONT');
  await end(child);
});

test('a segment that another program is attached to stays until that program ends', async () => {
  const name = freshName();
  const { child: owner } = await run('shared-memory-owner', name);
  const { child: user, line } = await run('shared-memory-user', name);
  assert.equal(line, '6');
  await end(owner, 'SIGKILL');
  nextUse();
  assert.equal(exists(name), true);
  const second = await run('shared-memory-user', name);
  assert.equal(second.line, '7');
  await end(second.child);
  assert.equal(exists(name), true);
  await end(user); // ends by itself, and looks after it
  assert.equal(exists(name), false);
});

test('a segment of a child that ends goes on with the family', async () => {
  const queue = new Queue<string | SharedMemory>();
  const target = async (q: typeof queue) => {
    const [a, b] = [SharedMemory.create({ size: 1 }), SharedMemory.create({ size: 2 })];
    b.buffer[1] = 7;
    await q.put(a.name);
    await q.put(b);
  };
  const p = new Process({ target, args: [queue] });
  p.start();
  await p.join();
  assert.equal(p.exitCode, 0);
  nextUse();
  using a = SharedMemory.attach((await queue.get()) as string);
  using b = (await queue.get()) as SharedMemory;
  assert.deepEqual([a.size, b.size, b.buffer[1]], [1, 2, 7]);
  a.unlink();
  b.unlink();
  assert.equal(hasFolder(process.pid), false);
});

test('a segment of a killed child is removed by the next use, but not while a process has it', async () => {
  const queue = new Queue<SharedMemory>();
  const p = start(async (q: Queue<SharedMemory>) => {
    for (let i = 0; i < 2; i++) await q.put(SharedMemory.create({ size: 1 }));
    await new Promise(() => setInterval(() => {}, 1e6));
  }, queue);
  const [a, b] = [await queue.get(), await queue.get()];
  await slay(p);
  a.close();
  nextUse();
  assert.deepEqual([exists(a.name), exists(b.name)], [false, true]);
  b.close();
  nextUse();
  assert.equal(exists(b.name), false);
});

test('wherever a maker is killed, nothing is left after the next use', async () => {
  const name = freshName();
  let died = 0;
  for (; ; died++) {
    const { child, line } = await run('shared-memory-dies', name, String(died + 1));
    await end(child);
    if (line === 'whole') break;
    assert.equal(child.signalCode, 'SIGKILL');
    nextUse();
    assert.equal(hasFolder(child.pid), false, `killed at ${died + 1}`);
    assert.equal(exists(name), false, `killed at ${died + 1}`);
  }
  assert.ok(died >= 5, `${died} places`);
});

test("a note of a dead process never removes another process's segment of the same name", async () => {
  const name = freshName();
  const { child } = await run('shared-memory-owner', name);
  await end(child, 'SIGKILL');
  // Another program, Python perhaps, has removed it and made its own.
  unlinkSync(`/dev/shm/${name}`);
  writeFileSync(`/dev/shm/${name}`, 'mine');
  nextUse();
  assert.equal(exists(name), true);
  assert.equal(isNoted(name), false);
  unlinkSync(`/dev/shm/${name}`);
});

test('a maker whose process id means nothing here is judged by its lock', async () => {
  // Named as one in a container of its own would be, which shares only /dev/shm with this one.
  const [folder, name] = [`${FOLDER}/1-${process.pid}-1`, freshName()];
  using keeper = SharedMemory.create({ size: 1 });
  mkdirSync(folder);
  writeFileSync(`/dev/shm/${name}`, 'x');
  symlinkSync(name, `${folder}/${statSync(`/dev/shm/${name}`).ino}`);
  const fd = openSync(folder, constants.O_RDONLY);
  assert.equal(files().tryLock(fd, 'shared'), true);
  nextUse();
  assert.equal(exists(name), true);
  closeSync(fd);
  nextUse();
  assert.deepEqual([exists(name), existsSync(folder)], [false, false]);
  keeper.unlink();
});

test('a folder for notes that belongs to another user is refused', async () => {
  const { child, line } = await run('shared-memory-of-another-user');
  await end(child);
  assert.equal(line, 'ERR_PLATFORM');
});
