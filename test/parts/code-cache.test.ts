// Compiled code is kept in a folder of the user's own, and run only if nobody else can have written it and it belongs to this very source.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));
const HEADER = 64;
const OWN = 'The queue is empty';
/** Of the same length. */
const FOREIGN = 'Foreign code runs!';

let home: string;
/** A copy of what the door `multiproc/queue` consists of. */
let copy: string;
beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'multiproc-cache-'));
  copy = join(home, 'dist');
  fs.mkdirSync(copy);
  for (const name of ['package.json', 'queue.cjs', 'multiproc-load.js', 'multiproc-queue.js']) {
    fs.copyFileSync(dist + name, join(copy, name));
  }
});
afterEach(() => fs.rmSync(home, { recursive: true }));

const folder = (): string => join(home, 'multiproc');
const cached = (): string =>
  join(folder(), fs.readdirSync(folder()).find((name) => name.startsWith('queue-queue-') && !name.endsWith('old'))!);

/** Runs a program that shows a text of the library's. */
function run({
  args = [],
  env = {},
  before = '',
  after = '',
}: {
  args?: string[];
  env?: Record<string, string>;
  before?: string;
  after?: string;
} = {}): string {
  const code = `${before}
    const { Queue } = require(${JSON.stringify(join(copy, 'queue.cjs'))});
    try { new Queue().getNowait(); } catch (error) { console.log(error.message); }
    ${after}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: home, ...env },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.slice(0, OWN.length);
}

/** Puts code there that was compiled of another source than the one that it claims; V8 itself compares no more than their lengths. */
function plant(): void {
  const file = join(copy, 'multiproc-queue.js');
  const source = fs.readFileSync(file, 'latin1');
  assert.ok(source.includes(OWN));
  fs.writeFileSync(file, source.replaceAll(OWN, FOREIGN), 'latin1');
  run();
  fs.writeFileSync(file, source, 'latin1');
  const whole = fs.readFileSync(cached());
  whole.write(source, HEADER, 'latin1');
  fs.writeFileSync(cached(), whole);
}

/** Ours has run; then what was in the cache, if it is still the file that was planted, was refused. */
const assertOwn = (options?: Parameters<typeof run>[0]): void => assert.equal(run(options), OWN);

/** Runs a program of the whole library; returns what it prints. */
function runWhole(code: string): string {
  for (const name of fs.readdirSync(dist)) {
    const to = join(copy, name);
    if (/\.c?js$/.test(name) && !fs.existsSync(to)) fs.copyFileSync(dist + name, to);
  }
  const packages = join(home, 'node_modules');
  if (!fs.existsSync(packages))
    fs.symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), packages);
  const program = join(home, 'program.cjs');
  fs.writeFileSync(program, code);
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: home },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
}

/** Runs a program whose thread shows the same text. */
function runThread(): string {
  const stdout = runWhole(
    `const { ThreadPool } = require(${JSON.stringify(join(copy, 'multiproc.cjs'))});
    const { Queue } = require(${JSON.stringify(join(copy, 'queue.cjs'))});
    const words = () => { try { new Queue().getNowait(); } catch (error) { return error.message; } };
    (async () => {
      const pool = new ThreadPool(1);
      console.log(await pool.apply(words));
      pool.close();
      await pool.join();
    })();`,
  );
  return stdout.slice(0, OWN.length);
}

describe('compiled code', { timeout: 120_000 }, () => {
  test('compiled code is kept in files that nobody else can read or write', () => {
    assertOwn();
    assert.equal(fs.statSync(folder()).mode & 0o777, 0o700);
    assert.equal(fs.statSync(cached()).mode & 0o777, 0o600);
    const { ino } = fs.statSync(cached());
    assertOwn();
    assert.equal(fs.statSync(cached()).ino, ino, 'what is kept is used, not written again');
    assert.equal(fs.readdirSync(folder()).length, 1);
  });

  test('compiled code is run by later processes', () => {
    plant();
    // So what follows here can tell whether it was.
    assert.equal(run(), FOREIGN);
  });

  test('compiled code of threads is kept by their program, and run by threads of later ones', () => {
    assert.equal(runThread(), OWN);
    const ofThreads = (): string[] => fs.readdirSync(folder()).filter((name) => name.startsWith('thread-'));
    assert.equal(ofThreads().length, 6);
    const file = join(copy, 'multiproc-queue.js');
    const source = fs.readFileSync(file, 'latin1');
    fs.writeFileSync(file, source.replaceAll(OWN, FOREIGN), 'latin1');
    assert.equal(runThread(), FOREIGN);
    fs.writeFileSync(file, source, 'latin1');
    const name = ofThreads().find((each) => each.startsWith('thread-queue-'))!;
    const whole = fs.readFileSync(join(folder(), name));
    whole.write(source, HEADER, 'latin1');
    fs.writeFileSync(join(folder(), name), whole);
    assert.equal(runThread(), FOREIGN);
    // The program itself ran what belongs to the source, and has kept that.
    whole[HEADER + 100]! ^= 1;
    fs.writeFileSync(join(folder(), name), whole);
    assert.equal(runThread(), OWN);
  });

  test('compiled code grows by what a program uses that comes a minute later', () => {
    assertOwn();
    const { size, ino } = fs.statSync(cached());
    const after = `const { LifoQueue, PriorityQueue } = require(${JSON.stringify(join(copy, 'queue.cjs'))});
      for (const queue of [new Queue(1), new LifoQueue(), new PriorityQueue()]) {
        queue.get().then(() => queue.taskDone());
        queue.put(1).then(() => queue.join());
      }`;
    assertOwn({ after });
    assert.equal(fs.statSync(cached()).ino, ino, 'not before');
    const twoMinutesAgo = Date.now() / 1000 - 120;
    fs.utimesSync(cached(), twoMinutesAgo, twoMinutesAgo);
    assertOwn();
    assert.equal(fs.statSync(cached()).ino, ino, 'not if there is nothing more');
    assert.ok(fs.statSync(cached()).mtimeMs > (twoMinutesAgo + 60) * 1000, 'the next does not look again');
    fs.utimesSync(cached(), twoMinutesAgo, twoMinutesAgo);
    assertOwn({ after });
    assert.ok(fs.statSync(cached()).size > size);
  });

  test('compiled code grows by what the first program uses that loads another part', () => {
    const door = JSON.stringify(join(copy, 'multiproc.cjs'));
    const core = (): fs.Stats =>
      fs.statSync(join(folder(), fs.readdirSync(folder()).find((name) => name.startsWith('main-core-'))!));
    runWhole(`require(${door});`);
    const { size } = core();
    runWhole(`const { Process } = require(${door}); new Process({ target: () => {} }).start();`);
    assert.ok(core().size > size);
  });

  test('compiled code of a child and of a worker has nothing that only the doors need', () => {
    const door = JSON.stringify(join(copy, 'multiproc.cjs'));
    runWhole(`
      const { Pool, Process } = require(${door});
      const pool = new Pool(1);
      const child = new Process({ target: () => {} });
      child.start();
      pool.apply((n) => n + 1, [1]).then(() => { pool.close(); return pool.join(); });`);
    const ofChildren = fs.readdirSync(folder()).filter((name) => name.startsWith('child-'));
    const parts = new Set(ofChildren.map((name) => name.split('-').slice(1, -1).join('-')));
    for (const part of ['member', 'worker', 'functions']) assert.ok(parts.has(part), `${part} of ${[...parts]}`);
    for (const part of ['core', 'main', 'pool', 'capture', 'managers']) assert.ok(!parts.has(part), part);
  });

  test('compiled code is not run if the source is another', () => {
    plant();
    const whole = fs.readFileSync(cached());
    whole[HEADER + 100]! ^= 1;
    fs.writeFileSync(cached(), whole);
    assertOwn();
    assertOwn();
  });

  test('compiled code is not run if the file is shorter or longer than it says', () => {
    plant();
    fs.truncateSync(cached(), fs.statSync(cached()).size - 1);
    assertOwn();
    plant();
    fs.appendFileSync(cached(), 'x');
    assertOwn();
    plant();
    fs.truncateSync(cached(), HEADER - 1);
    assertOwn();
  });

  test('compiled code is not run if others can read or write the file', () => {
    for (const mode of [0o620, 0o602, 0o604]) {
      plant();
      fs.chmodSync(cached(), mode);
      assertOwn();
    }
  });

  test('compiled code is not run if others can write to the folder', () => {
    plant();
    fs.chmodSync(folder(), 0o770);
    assertOwn();
    const before = fs.statSync(cached()).mtimeMs;
    assertOwn();
    assert.equal(fs.statSync(cached()).mtimeMs, before, 'nothing is written there either');
  });

  test('compiled code is not run if the file is a link', () => {
    plant();
    const file = cached();
    fs.renameSync(file, join(home, 'elsewhere'));
    fs.symlinkSync(join(home, 'elsewhere'), file);
    assertOwn();
    fs.rmSync(folder(), { recursive: true });
    plant();
    fs.linkSync(cached(), join(home, 'second'));
    assertOwn();
  });

  test('compiled code is not run if it is of another user', {
    skip: process.getuid?.() !== 0 && 'only root can give a file away',
  }, () => {
    plant();
    fs.chownSync(cached(), 65534, 65534);
    assertOwn();
    plant();
    fs.chownSync(folder(), 65534, 65534);
    assertOwn();
  });

  test('compiled code is kept for each version and set of options of V8 by itself', () => {
    assertOwn();
    assertOwn({ args: ['--stack-size=900'] });
    assert.equal(fs.readdirSync(folder()).length, 2);
  });

  test('compiled code that V8 refuses is not run, and not written again and again', () => {
    const before = "require('node:v8').setFlagsFromString('--no-opt');";
    assertOwn();
    const { ino } = fs.statSync(cached());
    assertOwn({ before });
    assert.equal(fs.statSync(cached()).ino, ino);
    const twoHoursAgo = Date.now() / 1000 - 7200;
    fs.utimesSync(cached(), twoHoursAgo, twoHoursAgo);
    assertOwn({ before });
    assert.notEqual(fs.statSync(cached()).ino, ino);
  });

  test('compiled code is not kept where the user wants none, or has no folder for it', () => {
    assertOwn({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
    assertOwn({ env: { XDG_CACHE_HOME: '', HOME: '' } });
    assertOwn({ env: { XDG_CACHE_HOME: 'relative', HOME: '/proc/nowhere' } });
    fs.writeFileSync(join(home, 'file'), '');
    assertOwn({ env: { XDG_CACHE_HOME: join(home, 'file') } });
    assert.equal(fs.existsSync(folder()), false);
  });

  test('compiled code has a bound: the oldest goes', () => {
    assertOwn();
    const [older, newer] = ['core-core-older', 'core-core-newer'].map((name) => join(folder(), name));
    for (const [file, age] of [
      [older!, 20],
      [newer!, 10],
    ] as const) {
      fs.writeFileSync(file, '');
      fs.truncateSync(file, 100 * 2 ** 20);
      fs.utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - age);
    }
    fs.appendFileSync(cached(), 'x');
    assertOwn();
    assert.deepEqual(
      [older, newer].map((file) => fs.existsSync(file!)),
      [false, true],
    );
  });

  test('compiled code of a library that is gone is removed', () => {
    assertOwn();
    const old = join(folder(), 'queue-queue-old');
    fs.writeFileSync(old, '');
    fs.utimesSync(old, 0, 0);
    fs.appendFileSync(cached(), 'x');
    assertOwn();
    assert.deepEqual(fs.existsSync(old), false);
  });
});
