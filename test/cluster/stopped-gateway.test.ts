// The gateway of a program stands still, and nothing else does: hosts run its tasks, and after a lease they take the program for dead.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { watched } from '../watchdog.ts';
import { Program } from './program.ts';
import { skip } from './redis-server.ts';
import { childrenOf, isAlive, linesOf, noting, type Stage, until } from './stage.ts';
import { Stages } from './stages.ts';
import { StepProxy, steps } from './step-proxy.ts';

/** Long enough that no busy machine makes a living program or host look dead. */
const leaseFor = (leases: number) => (leases < 1 ? 6000 : 4000);

/** How a task has ended: its result, or its error. */
interface End {
  readonly value?: unknown;
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
}

/** A program with one pool, whose gateway is its first process. */
class PoolProgram extends Program {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    super(stage.url, stage.lease);
    this.#stage = stage;
  }

  /** `isServed`: there is a host. */
  async open(isServed: boolean): Promise<this> {
    await this.run(
      `
      o.ends = {};
      o.noting = ${noting};
      o.pool = new (require('multiproc').Pool)({ cluster: ${JSON.stringify(this.#stage.cluster)} });
      o.end = (promise) => promise.then((value) => ({ value }), ({ name, code, message }) => ({ name, code, message }));
      o.abort = new AbortController();
      if (${isServed}) await o.pool.apply((x) => x + 1, [1]);`.replaceAll('\n', ' '),
    );
    return this;
  }

  /** Submits tasks that note their starts in files of their names, and wait for a file. */
  async submit(tasks: Record<string, readonly [retries: number, until: string]>): Promise<void> {
    const lines = Object.entries(tasks).map(([name, [retries, until]]) => {
      const args = JSON.stringify([this.#stage.file(name), this.#stage.file(until)]);
      return `o.ends[${JSON.stringify(name)}] = o.end(o.pool.apply(o.noting, ${args}, { retries: ${retries}, signal: o.abort.signal }));`;
    });
    await this.run(lines.join(' '));
  }

  /** How all tasks have ended. */
  async ends(): Promise<Record<string, End>> {
    const all = 'Object.entries(o.ends).map(async ([name, end]) => [name, await end])';
    return (await watched(this.run(`return Object.fromEntries(await Promise.all(${all}));`))) as Record<string, End>;
  }

  /** Stops the gateway alone while `what` goes on. */
  async whileStopped(what: () => Promise<unknown>): Promise<void> {
    const gateway = childrenOf(this.child.pid!)[0]!;
    process.kill(gateway, 'SIGSTOP');
    try {
      await what();
    } finally {
      if (isAlive(gateway)) process.kill(gateway, 'SIGCONT');
    }
  }
}

describe('a gateway that stands still', { skip, timeout: 300_000, concurrency: true }, () => {
  const stages = new Stages();
  /** One after the other: many processes that start at once keep each other from renewing. */
  let beginning: Promise<unknown> = Promise.resolve();
  const begin = (slots: number, lease: number) => {
    const begun = beginning.then(() => prepare(slots, lease));
    beginning = begun.catch(() => {});
    return begun;
  };
  const prepare = async (slots: number, lease: number) => {
    const redis = await stages.newServer();
    const stage = stages.at(redis.url, 'default', lease);
    if (slots > 0) await stage.host({ slots });
    const program = await new PoolProgram(stage).open(slots > 0);
    stages.onEnd(() => program[Symbol.dispose]());
    return {
      redis,
      stage,
      program,
      startsOf: (name: string) => linesOf(stage.file(name)).length,
      areInServer: (count: number) => until(async () => (await redis.list('KEYS', '*:q:j?-1-?')).length === count),
    };
  };

  for (const leases of [0.5, 1.5, 3, 11]) {
    const lease = leaseFor(leases);
    test(`a gateway that stands still for ${leases} leases: each task settles once, none without retries is started twice, and the pool goes on`, async () => {
      const { stage, program, startsOf, areInServer } = await begin(4, lease);
      const running = { ends: [0, 'end'], endsAgain: [1, 'end'], runs: [0, 'go'], runsAgain: [1, 'go'] } as const;
      await program.submit(running);
      await until(() => Object.keys(running).every((name) => startsOf(name) === 1));
      // Two of them begin when two others have ended, two wait.
      await program.submit({ begins: [0, 'go'], beginsAgain: [1, 'go'], waits: [0, 'go'], waitsAgain: [1, 'go'] });
      await areInServer(8);
      await program.whileStopped(async () => {
        // Their results come when nobody reads them.
        appendFileSync(stage.file('end'), '');
        await until(() => startsOf('begins') === 1 && startsOf('beginsAgain') === 1);
        await setTimeout(leases * lease);
      });
      appendFileSync(stage.file('go'), '');
      const ends = Object.entries(await program.ends());
      assert.equal(ends.length, 8);
      for (const [name, { value, code, message }] of ends) {
        const isAgain = name.endsWith('Again');
        if (code === undefined) assert.equal(typeof value, 'number', name);
        else {
          assert.ok(leases > 1 && !isAgain, `${name}: ${message}`);
          assert.equal(code, 'ERR_DATA_LOST');
          assert.match(
            message!,
            /stopped or out of reach for longer than the lease\. The task may have run\..* give it retries/,
          );
        }
        // After two leases a host has looked. The result of the first one may have been on its way.
        if (leases > 2 && !isAgain && name !== 'ends') assert.equal(code, 'ERR_DATA_LOST', name);
        if (leases < 1 || !isAgain) assert.ok(startsOf(name) <= 1, `${name} was started ${startsOf(name)} times`);
      }
      assert.equal(await watched(program.run('return await o.pool.apply((x) => x + 2, [1]);')), 3);
      await watched(program.run('o.pool.close(); await o.pool.join();'));
    });
  }

  for (const leases of [3, 11]) {
    const lease = leaseFor(leases);
    test(`a gateway that stands still for ${leases} leases while there is no host: ${leases < 10 ? 'all tasks run' : 'tasks with retries run, the others reject'}`, async () => {
      const { stage, program, startsOf, areInServer } = await begin(0, lease);
      await program.submit({ once: [0, 'go'], again: [1, 'go'] });
      await areInServer(2);
      await program.whileStopped(() => setTimeout(leases * lease));
      appendFileSync(stage.file('go'), '');
      await stage.host();
      const { once, again } = await program.ends();
      assert.equal(once!.code, leases < 10 ? undefined : 'ERR_DATA_LOST');
      assert.equal(again!.code, undefined);
      assert.deepEqual([startsOf('once'), startsOf('again')], [leases < 10 ? 1 : 0, 1]);
    });
  }

  test('a gateway that comes back just when a host would remove its pool: the host has ended none of its tasks', async () => {
    const { stage, program, startsOf, redis } = await begin(0, 3000);
    const proxy = new StepProxy(redis.socket, stage.file('to-host'));
    stages.onEnd(() => proxy.end());
    await stage.host({ slots: 2, url: proxy.url });
    await program.submit({ runs: [0, 'go'], runsAgain: [1, 'go'] });
    await until(() => startsOf('runs') === 1 && startsOf('runsAgain') === 1);
    const removing = proxy.at(steps.remove, 'before', () => {});
    await program.whileStopped(() => watched(removing));
    await until(async () => (await redis.list('KEYS', '*}:o')).length === 1);
    proxy.mend();
    appendFileSync(stage.file('go'), '');
    for (const [name, { value, message }] of Object.entries(await program.ends())) {
      assert.equal(typeof value, 'number', `${name}: ${message}`);
      assert.equal(startsOf(name), 1, name);
    }
  });

  test('a gateway that stands still before it has read that its tasks are in the server: a task without retries does not start again', async () => {
    const redis = await stages.newServer();
    const path = stages.at(redis.url).file('to-program');
    const proxy = new StepProxy(redis.socket, path);
    stages.onEnd(() => proxy.end());
    const stage = stages.at(proxy.url, 'default', 2000);
    await stage.host({ slots: 2, url: redis.url });
    const program = await new PoolProgram(stage).open(true);
    stages.onEnd(() => program[Symbol.dispose]());
    const hasKeys = async (kind: string) => (await redis.list('KEYS', `*}:${kind}`)).length > 0;
    const submitted = proxy.at(steps.submit, 'after', (client) => client.cork(), { goesOn: true });
    await program.submit({ once: [0, 'go'], again: [1, 'go'] });
    await watched(submitted);
    await program.whileStopped(() =>
      until(
        async () =>
          ['once', 'again'].every((name) => linesOf(stage.file(name)).length === 1) &&
          !(await hasKeys('o')) &&
          !(await hasKeys('t')),
      ),
    );
    appendFileSync(stage.file('go'), '');
    const { once, again } = await program.ends();
    assert.equal(linesOf(stage.file('once')).length, 1, once!.message);
    assert.equal(once!.code, 'ERR_DATA_LOST');
    assert.equal(typeof again!.value, 'number', again!.message);
    assert.equal(linesOf(stage.file('again')).length, 2);
    // The next repetition of a submission to the first life would be refused, too.
    const [description] = (await redis.list('KEYS', '*:q:meta')).map(String);
    assert.match(await redis.command('HGET', description!, 'multiproc:life'), /2$/);
  });

  test('while its gateway stands still tasks can be aborted, and a pool with running tasks ends at terminate()', async () => {
    const { program, startsOf } = await begin(2, 4000);
    await program.submit({ aborted: [0, 'never'] });
    await until(() => startsOf('aborted') === 1);
    await program.whileStopped(async () => {
      await program.run("o.abort.abort(new Error('enough'));");
      assert.equal((await program.ends()).aborted!.message, 'enough');
      await program.run('o.abort = new AbortController();');
      await program.submit({ ended: [0, 'never'] });
      await program.run('o.pool.terminate();');
      assert.equal((await program.ends()).ended!.name, 'ClosedError');
      await watched(program.run('await o.pool.join();'));
    });
  });
});
