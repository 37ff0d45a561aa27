import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Lock, Process, Queue, SerializationError } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { fixture, fixtureSource, run } from './program.ts';

class Point {
  x = 3;
  y = 4;
  norm(): number {
    return Math.hypot(this.x, this.y);
  }
}

class Adder extends Process {
  readonly answers = new Queue<unknown>();
  readonly lock = new Lock();
  readonly table = new Map([['three', new Point()]]);
  readonly seen = new Set([1, 2]);
  readonly nested = { deep: [new Date(0)] };
  readonly a: number;

  constructor(a: number) {
    super({ name: 'adder' });
    this.a = a;
  }

  override run(): void {
    const point = this.table.get('three');
    this.lock.acquireSync();
    this.answers.putSync([this.a + 1, point instanceof Point, point?.norm(), this.seen.has(2), this.nested.deep[0]]);
    this.lock.release();
  }
}

describe('subclasses of Process', () => {
  test('subclasses of Process have their run, and their own fields, in the process', async () => {
    const p = new Adder(41);
    p.start();
    assert.deepEqual(await watched(p.answers.get()), [42, true, 5, true, new Date(0)]);
    await watched(p.join());
    assert.deepEqual([p.exitCode, p.name, p.a], [0, 'adder', 41]);
  });

  test('run of a subclass may be async, call super.run, and find itself as the current process', async () => {
    const answers = new Queue<unknown>();
    class Logged extends Process {
      note = 'noted';
      override async run(): Promise<void> {
        const { currentProcess } = await import('multiproc');
        await answers.put(['before', currentProcess() === this, this.constructor.name]);
        await super.run();
        await answers.put([this.note, this.exitCode, this.pid === process.pid]);
      }
    }
    const p = new Logged({ target: (word: string) => answers.put(word), args: ['target'] });
    p.start();
    const got: unknown[] = [];
    while (got.length < 3) got.push(await watched(answers.get()));
    assert.deepEqual(got, [['before', true, 'Logged'], 'target', ['noted', null, true]]);
    await watched(p.join());
  });

  test('subclasses of subclasses run in the process, with accessors and statics', async () => {
    class Base extends Process {
      static unit = 'mm';
      protected n = 2;
      get twice(): number {
        return this.n * 2;
      }
    }
    class Derived extends Base {
      answers = new Queue<unknown>();
      override run(): void {
        this.answers.putSync([this.twice, Derived.unit, this instanceof Base, super.twice]);
      }
    }
    const p = new Derived();
    p.start();
    assert.deepEqual(await watched(p.answers.get()), [4, 'mm', true, 4]);
    await watched(p.join());
  });

  test('a field named __proto__ is just a field', async () => {
    const answers = new Queue<unknown>();
    class Odd extends Process {
      constructor() {
        super();
        const value = { odd: true };
        Object.defineProperty(this, '__proto__', { value, enumerable: true, configurable: true, writable: true });
      }
      override async run(): Promise<void> {
        await answers.put([this instanceof Odd, Object.hasOwn(this, '__proto__'), 'odd' in this]);
      }
    }
    const p = new Odd();
    p.start();
    assert.deepEqual(await watched(answers.get()), [true, true, false]);
    await watched(p.join());
  });

  test('what the process changes in its fields stays there', async () => {
    class Counter extends Process {
      count = 0;
      override run(): void {
        this.count = 100;
        process.exitCode = this.count;
      }
    }
    const p = new Counter();
    p.start();
    await watched(p.join());
    assert.deepEqual([p.count, p.exitCode], [0, 100]);
  });

  test('a field may lead back to the process itself', async () => {
    class Selfish extends Process {
      self: Selfish = this;
      links = [{ back: this }];
      override run(): void {
        process.exitCode = this.self === this && this.links[0]?.back === this ? 0 : 1;
      }
    }
    const p = new Selfish();
    p.start();
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });

  test('a field that cannot be sent is refused by start, with its name', async () => {
    const { Socket } = await import('node:net');
    class Connected extends Process {
      connection = { socket: new Socket() };
    }
    assert.throws(
      () => new Connected().start(),
      (error: SerializationError) => error instanceof SerializationError && error.path === 'connection.socket',
    );
  });

  test('private fields of a subclass are refused with what to do, not lost', () => {
    class Secretive extends Process {
      #secret = 1;
      override run(): void {
        process.exitCode = this.#secret;
      }
    }
    assert.throws(
      () => new Secretive().start(),
      (error: Error) => error instanceof SerializationError && /private/.test(error.message),
    );
  });

  test('a subclass that does not call super is told so', () => {
    const bare = Object.create(Process.prototype) as Process;
    assert.throws(() => bare.start(), /subclass must call super/);
  });

  for (const [how, file, execArgv] of [
    ['JavaScript', fixture('subclass'), []],
    ['TypeScript', fixtureSource('subclass'), ['--import', 'tsx']],
  ] as const) {
    test(`in the entry script, ${how}`, async () => {
      const { stdout, stderr } = await run(file, { execArgv });
      assert.equal(stdout, 'HELLO from upper, [ 1, 2 ], Box 3\n0\n', stderr);
    });
  }
});
