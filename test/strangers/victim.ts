import assert from 'node:assert/strict';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Connection, connect } from 'multiproc/connection';
import { type Program, start } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { seed } from './dice.ts';
import { letter, writeValue } from './letter.ts';
import type { RawClient } from './raw-client.ts';

export const KEY = 'the key of the victim';
export const PASSWORD = `the password ${seed}`;

/** How a process is that has taken what strangers sent. */
export interface Health {
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  readonly mappings: number;
  readonly descriptors: number;
  /** What has come that is more than data, and errors that say no more than that something broke. */
  readonly strange: readonly string[];
  /** What every object has that is none of the engine's. */
  readonly polluted: readonly string[];
}

/** What may come on top while strangers talk, in bytes. */
const GROWTH = { heap: 2 ** 24, external: 2 ** 24, rss: 2 ** 29 };

/** A program that strangers talk to: see fixtures/victim.ts. */
export class Victim {
  readonly open: string;
  readonly locked: string;
  readonly manager: string;
  readonly #program: Program;
  readonly #control: Connection;
  #orders = 0;

  private constructor(program: Program, places: readonly string[], control: Connection) {
    [this.open, this.locked, this.manager] = places as [string, string, string];
    this.#program = program;
    this.#control = control;
  }

  /** Starts one, which ends with the test. */
  static async start(test: { after(fn: () => unknown): void }): Promise<Victim> {
    const file = resolve('build/test/strangers/fixtures/victim.js');
    const program = start(file, { execArgv: ['--expose-gc'], args: [KEY, PASSWORD], patience: 3600 });
    const places = JSON.parse(await program.said('ready '));
    const victim = new Victim(program, places, await watched(connect(places[0])));
    test.after(() => victim.end());
    return victim;
  }

  /** Waits until it has taken all that this client has sent; `hint` says what that was. */
  async isThrough({ socket, sendValue }: RawClient, hint: string): Promise<void> {
    sendValue(letter((out) => writeValue([PASSWORD, 'through?'], out)));
    const answered = once(socket, 'data').then(() => undefined, String);
    const closed = once(socket, 'close').then(() => 'the connection was closed', String);
    const failure = await watched(Promise.race([answered, closed]));
    if (failure !== undefined) assert.fail(`${failure}, ${await this.#fate()}; ${hint}`);
  }

  /** Whether it lives, for an error: who has died is gone a moment after his connections. */
  #fate(): Promise<string> {
    const lives = setTimeout(1000, 'and it lives', { ref: false });
    const ended = this.#program.ended.then(({ code, signal, stderr }) => `it ended: ${code} ${signal} ${stderr}`);
    return Promise.race([lives, ended]);
  }

  /** Has it do something; what it answers. */
  async order(...order: unknown[]): Promise<unknown> {
    const number = ++this.#orders;
    await this.#control.send([PASSWORD, number, ...order]);
    const [answered, answer] = await watched(this.#control.recv());
    assert.equal(answered, number);
    return answer;
  }

  health(): Promise<Health> {
    return this.order('health') as Promise<Health>;
  }

  /** It is as well as it was, and serves those who come as they should. */
  async assertWell(before: Health, isTrusting = false): Promise<void> {
    for (const [where, authKey] of [[this.open], [this.locked, KEY]] as const) {
      const client = await watched(connect(where, { authKey }));
      await client.send([PASSWORD, 'well?']);
      assert.deepEqual(await watched(client.recv()), ['well?', null]);
      client.close();
    }
    let now = await this.health();
    // Connections that were closed linger for a second.
    while (now.descriptors > before.descriptors) now = await this.health();
    if (!isTrusting) assert.deepEqual(now.strange, []);
    assert.deepEqual(now.polluted, []);
    for (const [what, most] of Object.entries(GROWTH)) {
      const grown = now[what as keyof typeof GROWTH] - before[what as keyof typeof GROWTH];
      assert.ok(grown < most, `${what} has grown by ${grown} bytes`);
    }
    assert.ok(now.mappings < before.mappings + 500, `${now.mappings} mappings, and ${before.mappings} before`);
  }

  async end(): Promise<void> {
    this.#control.close();
    this.#program.kill('SIGKILL');
    await this.#program.ended;
  }
}
