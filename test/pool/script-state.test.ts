// What functions of one script share in a worker: its variables, objects and classes, once.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Process, Queue, ThreadPool } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { poolOf } from './pools.ts';
import { entries, find, put, puts } from './state-of-a-module.ts';

interface Connection {
  readonly name: string;
}

let connection: Connection | undefined;
const cache = new Map<string, string>();
class Model {
  name = 'model';
  static weights: number[] | undefined;
  static loaded() {
    return Model.weights?.length;
  }
}
class Wide extends Model {
  read() {
    return cache.get('ready');
  }
}
const services = { cache, model: new Wide() };

async function open(name: string) {
  connection = await Promise.resolve({ name });
  cache.set('ready', name);
  Model.weights = [1, 2];
  // Still the same object.
  services.cache.set('also', name);
}

const seen = () => [
  connection?.name,
  cache.get('ready'),
  cache.get('also'),
  Model.weights?.length,
  Wide.loaded(),
  services.model.read(),
];
const all = ['db', 'db', 'db', 2, 2, 'db'];

let counter = 0;
const up = () => ++counter;
const look = () => counter;

let factor = 1;
const times = (n: number) => n * factor;
const settings = { factor: 1 };
const scaled = (n: number) => n * settings.factor;
const scales = { settings, back: undefined as unknown };
scales.back = { scales };
const visits = new Map<string, number>();
const visit = (name: string) => {
  visits.set(name, (visits.get(name) ?? 0) + 1);
  return visits.size;
};

let owned = 'first';
let made = '';
const make = () => {
  made = `${owned} here`;
};
const both = () => [owned, made];

const self: { me?: object; n: number } = { n: 1 };
self.me = self;
const pair = [self];
const tag = Symbol('tag');
const tagged = { ids: new Set([self]) };

function even(n: number): boolean {
  return n === 0 || odd(n - 1);
}
function odd(n: number): boolean {
  return n !== 0 && even(n - 1);
}

class Base {
  static made = 0;
  static child() {
    return new Derived();
  }
  constructor() {
    Base.made++;
  }
}
class Derived extends Base {}

const inner = () => {
  let n = 0;
  return { up: () => ++n, look: () => n };
};

const frozen = Object.freeze({ list: Object.freeze([1, 2, 3]) });
let marks = 0;

describe('what the initializer sets', () => {
  test('what the initializer sets is there for the tasks, in processes and in threads', async () => {
    assert.deepEqual(await watched(poolOf({ processes: 1, initializer: open, initargs: ['db'] }).apply(seen)), all);
    const threads = new ThreadPool({ processes: 1, initializer: open, initargs: ['db'] });
    try {
      assert.deepEqual(await watched(threads.apply(seen)), all);
      assert.deepEqual(await watched(threads.apply(() => [connection?.name])), ['db']);
    } finally {
      threads.terminate();
    }
    assert.equal(connection, undefined);
    assert.equal(cache.size, 0);
  });

  test('what the initializer sets is there for each of many workers, and for functions that come as arguments', async () => {
    const pool = poolOf({ processes: 2, initializer: open, initargs: ['db'] });
    const call = (fn: () => unknown) => fn();
    const answers = await watched(pool.map(call, [seen, seen, seen, seen], { chunksize: 1 }));
    assert.deepEqual(answers, [all, all, all, all]);
    assert.deepEqual(await watched(pool.wrap(seen)()), all);
  });
});

test('an initializer that assigns to a variable of a function which a task uses is worth a warning', async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error) => warnings.push(message);
  process.on('warning', note);
  let opened: string | undefined;
  let mine: string | undefined;
  let others = 1;
  const initializer = () => {
    opened = mine = 'opened';
    return mine.length + others;
  };
  others++;
  assert.equal(await watched(poolOf({ processes: 1, initializer }).apply(() => [opened, others].join())), ',2');
  await watched(poolOf({ processes: 1, initializer }).apply(() => opened));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0]!, /initializer of a Pool assigns to opened, .*Declare opened at the top level/);
});

describe('two functions of one script', () => {
  test('two functions of one script see one variable', async () => {
    const pool = poolOf(1);
    assert.deepEqual([await pool.apply(up), await pool.apply(up), await pool.apply(look)], [1, 2, 2]);
    assert.equal(counter, 0);
    counter = 10;
    assert.deepEqual([await pool.apply(look), await pool.apply(up), await pool.apply(look)], [10, 11, 11]);
    counter = 0;
  });

  test('two functions of one script see what the owner assigns, in the order in which it does', async () => {
    const pool = poolOf(1);
    const answers: Promise<number>[] = [];
    for (const f of [1, 2, 2, 3, 1]) {
      factor = f;
      answers.push(pool.apply(times, [10]));
    }
    assert.deepEqual(await watched(Promise.all(answers)), [10, 20, 20, 30, 10]);
    factor = 3;
    assert.equal(await pool.apply(() => factor), 3);
  });

  test('two functions of one script see what the owner changes in an object, and keep what they have changed themselves', async () => {
    const pool = poolOf(1);
    assert.equal(await pool.apply(scaled, [10]), 10);
    settings.factor = 2;
    assert.equal(await pool.apply(scaled, [10]), 20);
    assert.deepEqual([await pool.apply(visit, ['a']), await pool.apply(visit, ['b'])], [1, 2]);
    assert.equal(await pool.apply(() => visits.size), 2);
    visits.set('owner', 1);
    assert.deepEqual(await pool.apply(() => [...visits.keys()]), ['owner']);
  });

  test('two functions of one script keep one variable though the owner assigns another', async () => {
    const pool = poolOf({ processes: 1, initializer: make });
    assert.deepEqual(await pool.apply(both), ['first', 'first here']);
    owned = 'second';
    assert.deepEqual(await pool.apply(both), ['second', 'first here']);
  });

  test('two functions of one script find one object wherever it stands', async () => {
    const pool = poolOf(1);
    assert.deepEqual(await pool.apply(() => [pair[0] === self, self.me === self, tagged.ids.has(self)]), [
      true,
      true,
      true,
    ]);
    await pool.apply(() => {
      self.n = 7;
    });
    assert.deepEqual(await pool.apply(() => [pair[0]?.n, [...tagged.ids][0]?.n]), [7, 7]);
    const marked = await pool.apply(() => Object.getOwnPropertySymbols({ [tag]: 1 })[0] === tag);
    assert.equal(marked, true);
  });

  test('two functions of one script may lead back to each other', async () => {
    const pool = poolOf(1);
    assert.deepEqual([await pool.apply(even, [10]), await pool.apply(odd, [10])], [true, false]);
    assert.deepEqual(
      await pool.apply(() => [Base.child() instanceof Derived, new Derived() instanceof Base, Base.made]),
      [true, true, 2],
    );
    assert.equal(await pool.apply(() => [new Derived(), Base.made].length), 2);
    assert.equal(await pool.apply(() => Base.made), 3);
  });

  test('two functions of one script find an object also inside of another one, when it has changed too', async () => {
    const pool = poolOf(1);
    const look = () => [settings.factor, scales.settings.factor, scales.settings === settings];
    const isRound = () => (scales.back as { scales: unknown }).scales === scales;
    settings.factor = 1;
    assert.deepEqual(await pool.apply(look), [1, 1, true]);
    settings.factor = 7;
    assert.equal(await pool.apply(() => settings.factor), 7);
    assert.deepEqual(await pool.apply(look), [7, 7, true]);
    assert.equal(await pool.apply(isRound), true);
    settings.factor = 1;
    assert.deepEqual(await pool.apply(look), [1, 1, true]);
    assert.equal(await pool.apply(isRound), true);
  });

  test('two functions of one script keep what they captured of an inner function for themselves', async () => {
    const pool = poolOf(1);
    const one = inner();
    const other = inner();
    assert.deepEqual([await pool.apply(one.up), await pool.apply(one.up), await pool.apply(other.up)], [1, 2, 1]);
  });

  test('two functions of one script see frozen data', async () => {
    const pool = poolOf(1);
    assert.equal(await pool.apply(() => frozen.list.length), 3);
    assert.equal(await pool.apply(() => frozen.list[2]), 3);
  });
});

test('what is imported from a module of the program is what the functions of that module use', async () => {
  const pool = poolOf({
    processes: 1,
    initializer: () => {
      entries.set('a', 1);
      put('b', 2);
    },
  });
  assert.deepEqual(await watched(pool.apply(find, ['a'])), 1);
  assert.deepEqual(await watched(pool.apply(() => [entries.size, puts, find('b')])), [2, 1, 2]);
  assert.equal(entries.size, 0);
});

test('functions that come through a queue meet those of the target', async () => {
  const calls = new Queue<() => unknown>();
  const answers = new Queue<unknown>();
  const process = new Process({
    target: async (calls: Queue<() => unknown>, answers: Queue<unknown>) => {
      marks = 5;
      for (let i = 0; i < 2; i++) await answers.put((await calls.get())());
    },
    args: [calls, answers],
  });
  process.start();
  await calls.put(() => ++marks);
  await calls.put(() => ++marks);
  assert.deepEqual([await watched(answers.get()), await watched(answers.get())], [6, 7]);
  await process.join();
  assert.equal(marks, 0);
});

test('a worker is an owner to its own workers', async () => {
  const nested = async () => {
    const { Pool } = await import('multiproc');
    factor = 5;
    const pool = new Pool({ processes: 1, initializer: open, initargs: ['inner'] });
    try {
      return [await pool.apply(times, [2]), await pool.apply(() => connection?.name), connection?.name];
    } finally {
      pool.terminate();
    }
  };
  assert.deepEqual(await watched(poolOf({ processes: 1, initializer: open, initargs: ['outer'] }).apply(nested)), [
    10,
    'inner',
    'outer',
  ]);
});
