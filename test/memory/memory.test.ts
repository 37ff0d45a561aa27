import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Queue } from 'multiproc';
import { MAX_PAYLOAD } from '#dist/memory/allocator.js';
import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';
import { kinds } from '#dist/memory/kinds.js';
import { defineKind, kindNumbered, releaseObject } from '#dist/memory/object-kinds.js';
import { childOf } from '#dist/process/process.js';
import { watchdog } from '../hang.ts';
import { descriptors, heapBytes, slay, start, until } from '../inside.ts';
import { random } from '../seeded.ts';

describe('the allocator', () => {
  test('blocks do not overlap, whatever is given back in between (seeded)', () => {
    const seed = Number(process.env.TEST_SEED ?? Date.now() % 1e9);
    const pick = random(seed);
    const { allocator, me, heap } = family();
    const blocks: { offset: number; bytes: number }[] = [];
    for (let i = 0; i < 5000; i++) {
      if (blocks.length > 100 || (blocks.length > 0 && pick() < 0.4)) {
        const [block] = blocks.splice(Math.floor(pick() * blocks.length), 1);
        const words = heap.words(block!.offset);
        const at = wordIndex(block!.offset);
        const last = at + (block!.bytes >> 2) - 1;
        assert.equal(words[at], block!.offset / 64, `seed ${seed}`);
        assert.equal(words[last], block!.bytes === 4 ? block!.offset / 64 : block!.bytes, `seed ${seed}`);
        allocator.free(block!.offset);
      } else {
        const bytes = (1 + Math.floor(2 ** (pick() * 18))) * 4;
        const offset = allocator.allocate(bytes, me);
        assert.equal(offset % 64, 0);
        const at = wordIndex(offset);
        heap.words(offset)[at + (bytes >> 2) - 1] = bytes;
        heap.words(offset)[at] = offset / 64;
        blocks.push({ offset, bytes });
      }
    }
    for (const { offset } of blocks) allocator.free(offset);
  });

  test('what is free beyond a warm store goes back to the kernel', () => {
    const { allocator, me, heap } = family();
    const before = heapBytes();
    const blocks = Array.from({ length: 40 }, () => allocator.allocate(16e6, me));
    for (const block of blocks) heap.octets(block).fill(1, wordIndex(block) * 4, wordIndex(block) * 4 + 16e6);
    assert.ok(heapBytes() - before >= 640e6);
    for (const block of blocks) allocator.free(block);
    assert.ok(heapBytes() - before < 150e6, `${heapBytes() - before} bytes stay`);
  });

  test('a block larger than a mapping is refused in words', () => {
    assert.throws(() => family().allocator.allocate(MAX_PAYLOAD + 1, 0), /holds at most/);
  });
});

describe('critical sections', () => {
  test('a critical section that a killed member was inside of is taken over', async () => {
    const word = family().allocator.allocate(64, 0);
    family().heap.words(word)[wordIndex(word)] = 0;
    using _ = watchdog('take-over', 40);
    const p = start((offset: number) => {
      family().section(offset).enter();
      process.kill(process.pid, 'SIGKILL');
    }, word);
    await until(() => family().heap.words(word)[wordIndex(word)] !== 0);
    // The event loop does not turn: nobody has reclaimed it yet.
    family().section(word).enter();
    family().section(word).leave();
    await p.join();
    family().allocator.free(word);
  });

  test('a critical section that a stopped member is inside of is waited for', async () => {
    const word = family().allocator.allocate(64, 0);
    family().heap.words(word)[wordIndex(word)] = 0;
    using _ = watchdog('stopped inside', 40);
    const p = start((offset: number) => {
      family().section(offset).enter();
      process.kill(process.pid, 'SIGSTOP');
      family().section(offset).leave();
    }, word);
    await until(() => family().heap.words(word)[wordIndex(word)] !== 0);
    const other = start((offset: number) => {
      family().section(offset).enter();
      family().section(offset).leave();
    }, word);
    await until(() => (family().heap.words(word)[wordIndex(word)]! & (1 << 30)) !== 0);
    assert.equal(other.exitCode, null);
    process.kill(p.pid!, 'SIGCONT');
    await Promise.all([p.join(), other.join()]);
    assert.equal(family().heap.words(word)[wordIndex(word)], 0);
    family().allocator.free(word);
  });

  test('a critical section that this thread was thrown out of is taken up again', () => {
    const word = family().allocator.allocate(64, 0);
    family().heap.words(word)[wordIndex(word)] = 0;
    using _ = watchdog('thrown out', 40);
    family().section(word).enter();
    family().section(word).enter();
    family().section(word).leave();
    family().allocator.free(word);
  });
});

describe('reclaim', () => {
  test('a reclaim gives back what a killed member held, its slot included; names never come again', async () => {
    using _ = watchdog('reclaim', 60);
    const names = new Set<number>();
    const level: number[] = [];
    for (let i = 0; i < 20; i++) {
      const ready = new Queue<number>();
      const p = start((q: Queue<number>) => {
        const queues = Array.from({ length: 100 }, () => new Queue<Uint8Array>());
        for (const queue of queues.slice(0, 5)) queue.putSync(new Uint8Array(1e6));
        q.putSync(1);
        new Queue().getSync();
      }, ready);
      await ready.get();
      const { member } = childOf(p);
      assert.ok(member !== 0 && !names.has(member));
      names.add(member);
      await slay(p);
      assert.ok(family().members.isKnownGone(member));
      ready.close();
      level.push(heapBytes());
    }
    assert.ok(level[19]! - level[4]! < 2e6, `${level.join(' ')}`);
  });

  test('descriptors of members that come and go are closed', async () => {
    using _ = watchdog('descriptors', 60);
    const level: number[] = [];
    for (let i = 0; i < 12; i++) {
      const queue = new Queue<number>();
      const back = new Queue<number>();
      const p = start(async (q: Queue<number>, b: Queue<number>) => b.put(await q.get()), queue, back);
      queue.putSync(i);
      assert.equal(await back.get(), i);
      await p.join();
      level.push(descriptors());
    }
    assert.ok(level.at(-1)! - level[3]! <= 8, level.join(' '));
  });
});

test('an object of a kind that this member does not know is not given to others when nobody holds it any more', () => {
  const { allocator, heap, me } = family();
  const make = (kind: number): number => {
    const offset = allocator.allocate(64, me);
    heap.words(offset).set([kind, 1], wordIndex(offset));
    return offset;
  };
  defineKind(998, { destroy: () => {} });
  const known = make(998);
  const unknown = make(999);
  for (const offset of [unknown, known]) releaseObject(family(), offset);
  const next = [make(0), make(0)];
  assert.ok(next.includes(known));
  assert.ok(!next.includes(unknown));
});

test('no two kinds of shared objects have one number', () => {
  const numbers = Object.values(kinds);
  assert.equal(new Set(numbers).size, numbers.length);
  for (const number of numbers) assert.notEqual(kindNumbered(number), undefined, String(number));
  assert.throws(() => defineKind(kinds.LOCK, { destroy: () => {} }), /Two kinds of shared objects have the number 1\./);
});
