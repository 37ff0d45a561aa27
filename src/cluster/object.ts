import { AuthenticationError, ClosedError, ClusterError, StateError } from '../contracts/errors.ts';
import { clock, randomHex } from '../engine/builtins.ts';
import { within } from '../waits/timer.ts';
import type { Gateway } from './gateway.ts';
import { ANSWER_TIME, Line } from './line.ts';
import type { Reply, Script } from './redis.ts';

/** What all programs must agree on about an object. */
export interface Kind {
  readonly script: Script;
  readonly type: string;
  /** Options that must be the same wherever the name is used. */
  readonly config: string;
  /** The fields of a new object: each name, followed by its value. */
  readonly fields: readonly string[];
}

const SUFFIXES = ['m', 'd', 'a', 'b', 'l', 'o', 'x', 'h'];

/** Returns the keys of an object in the order of `KEYS` in scripts. `place` names the key that keeps the reply of a call; calls that use one place follow one another. */
export function keysOf(namespace: string, id: string, place: string): string[] {
  const start = `mp:${namespace}:{${id}}:`;
  return SUFFIXES.map((suffix) => (suffix === 'o' ? `${start}o:${place}` : start + suffix));
}

/** Returns the id of the object with this name. */
export function idOfName(name: string): string {
  return `n:${encodeURIComponent(name)}`;
}

/** Returns the error of an object whose name another object of the type `found` has. */
export function nameInUse(name: string | undefined, found: string | undefined, { type }: Kind): StateError {
  return new StateError(
    `The name ${JSON.stringify(name)} is in use for a ${found}${found === type ? ' with other options' : ''}: choose another, or delete it first.`,
  );
}

/** An object in Redis, as one gateway sees it. See README.md, "A call". */
export class ClusterObject {
  readonly gateway: Gateway;
  readonly kind: Kind;
  readonly id: string;
  readonly keys: readonly string[];
  readonly #name: string | undefined;
  /** True while a client of this gateway holds something of the object. */
  isHeld = false;
  /** Called when another program may have the holds from now on. */
  onLost: () => void = () => {};
  /** What a gateway says when it leaves a line. */
  farewell: () => readonly string[] = () => [];
  /** When the lease was last renewed, or a hold began. */
  renewed = 0;
  readonly #lines = new Map<string, Line>();
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #inc = '';
  #print = '';
  #place = '';
  /** Keys with places of replies that no call uses at the moment, and the number of places. */
  readonly #free: (readonly string[])[] = [];
  #places = 0;
  #end: Error | undefined;

  constructor(gateway: Gateway, kind: Kind, id: string, name: string | undefined) {
    this.gateway = gateway;
    this.kind = kind;
    this.#name = name;
    this.id = id;
    this.keys = this.#newPlace();
    this.#free.push(this.keys);
    gateway.add(this);
    this.opened().catch(() => {});
  }

  /** True if the object has a name. */
  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  /** The place for which values of this object are sealed. */
  get place(): string {
    return this.#place;
  }

  /** True once the object is there: calls need not wait for `opened()`. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The fingerprint of the key with which the object was made; known when it is open. */
  get print(): string {
    return this.#print;
  }

  /** Returns the line of the calls that wait for one thing. A hint of a letter is for all lines whose names begin with the letter. */
  line(letter: string): Line {
    let line = this.#lines.get(letter);
    if (line === undefined) {
      const leave = () => {
        if (letter === 'a' || letter === 'b') this.run('leave', [letter, ...this.farewell()]).catch(() => {});
      };
      const { gateway } = this;
      line = new Line(letter, {
        get isReady() {
          return gateway.redis.isReady;
        },
        leave,
      });
      this.#lines.set(letter, line);
    }
    return line;
  }

  /** True while the gateway must renew its lease of the object. */
  get isLeased(): boolean {
    if (this.isHeld || this.#name === undefined) return true;
    for (const line of this.#lines.values()) if (!line.isEmpty) return true;
    return false;
  }

  /** Resolves when the object is there; `run` waits for that too. */
  async opened(): Promise<void> {
    if (this.#isOpen) return;
    this.#opening ??= this.#open();
    try {
      await this.#opening;
    } catch (error) {
      // A server that was full, for example, may have room for the next call.
      if (error instanceof ClusterError) this.#opening = undefined;
      throw error;
    }
  }

  /** Runs a step of the object's script. `grows` is true if the step stores something. */
  async run(op: string, args: readonly (string | Uint8Array)[] = [], grows = false): Promise<Reply> {
    if (!this.#isOpen) await this.opened();
    if (this.#end !== undefined) throw this.#end;
    const inc = this.#inc;
    const reply = await this.#send(op, args, grows);
    if (String(reply[0]) === 'GONE') throw this.#gone(reply[1] === 1, inc);
    return reply;
  }

  /** Resolves when as many replicas as the program demands have the changes. */
  replicated(): Promise<void> {
    return this.gateway.redis.replicated(this.keys[0]!);
  }

  /** Runs a step of a call that gives up. Resolves to `undefined` if the server is away or does not reply soon; the step is then taken later. */
  async runBriefly(op: string, args: readonly string[]): Promise<Reply | undefined> {
    const reply = this.run(op, args);
    reply.catch(() => {});
    if (!this.gateway.redis.isReady) return undefined;
    return await within(ANSWER_TIME, reply);
  }

  /** True once the object was deleted or lost. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Lets the waits look again that a message names, or gives them what it brings. */
  hint(letter: string, words: readonly string[] = []): void {
    if (letter === 'x') this.#gone(true, this.#inc);
    else if (letter === 'g') this.line('a').offer(words);
    else for (const [name, line] of this.#lines) if (name[0] === letter) line.poke();
  }

  /** Forgets a line in which no call will wait any more. */
  dropLine(letter: string): void {
    this.#lines.delete(letter);
  }

  /** Lets all waits look again. */
  pokeAll(): void {
    for (const line of this.#lines.values()) if (!line.isEmpty) line.poke();
  }

  /** Renews the lease of this gateway. */
  async renew(): Promise<void> {
    const at = clock();
    const reply = await this.run('renew').catch(() => undefined);
    if (reply?.[0] === 1) this.renewed = at;
    // The reply does not concern a hold that began after this step was sent, although both may arrive together.
    else if (reply !== undefined && this.isHeld && this.renewed < at) this.onLost();
  }

  /** Lets go of the object: no client of this gateway has a proxy of it any more. */
  dispose(): void {
    this.gateway.remove(this);
    if (this.#name === undefined) void this.run('drop').catch(() => {});
  }

  async #open(): Promise<void> {
    const { type, config, fields } = this.kind;
    this.#inc = randomHex(8);
    const { print } = this.gateway.seal;
    const named = this.#name === undefined ? '0' : '1';
    const reply = await this.#send('open', [type, config, print, named, ...fields], true);
    const [inc, foundType, foundConfig, foundPrint] = reply.map(String);
    if (foundType !== type || foundConfig !== config) {
      throw nameInUse(this.#name, foundType, this.kind);
    }
    if (!this.gateway.seal.knows(foundPrint!)) {
      throw new AuthenticationError(
        `The ${type} ${JSON.stringify(this.#name)} was made with another key (fingerprint ${foundPrint || 'none'}, and this program's is ${print || 'none'}): use the same key in all programs. Nothing was taken.`,
      );
    }
    this.#inc = inc!;
    this.#print = foundPrint!;
    this.#place = `${type} ${this.#name ?? 'without a name'}|${this.id}|${this.#inc}`;
    this.#isOpen = true;
  }

  async #send(op: string, args: readonly (string | Uint8Array)[], grows: boolean): Promise<Reply> {
    const { gateway } = this;
    const keys = this.#free.pop() ?? this.#newPlace();
    const seq = String(gateway.nextCall());
    const all = [op, gateway.id, String(gateway.lease), seq, this.#inc, gateway.channels, ...args];
    try {
      return await gateway.redis.run(this.kind.script, keys, all, grows);
    } finally {
      this.#free.push(keys);
    }
  }

  #newPlace(): readonly string[] {
    return keysOf(this.gateway.namespace, this.id, `${this.gateway.id}:${this.#places++}`);
  }

  /** Returns the error of a call that found the object gone; `inc` is the incarnation that the call meant. An object with a name that the server has lost begins anew. */
  #gone(isDeleted: boolean, inc: string): Error {
    const { isNamed } = this;
    const what = `The ${this.kind.type} ${isNamed ? JSON.stringify(this.#name) : 'without a name'}`;
    const error = isDeleted
      ? new ClosedError(`${what} was deleted.`)
      : new ClusterError(
          `${what} is gone from the Redis server, which has lost its data, or was away for longer than the lease: ${isNamed ? 'the next call begins a new one' : 'make a new one'}.`,
          'ERR_DATA_LOST',
        );
    // Another call has found that before.
    if (inc !== this.#inc) return this.#end ?? error;
    if (isDeleted || !isNamed) this.#end ??= error;
    else {
      this.#isOpen = false;
      this.#opening = this.#open();
      this.#opening.catch(() => {});
    }
    for (const line of this.#lines.values()) line.fail(error);
    if (this.isHeld) this.onLost();
    return this.#end ?? error;
  }
}
