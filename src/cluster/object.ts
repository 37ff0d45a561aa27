import { AuthenticationError, ClosedError, ClusterError, StateError } from '../contracts/errors.ts';
import { clock, randomHex } from '../engine/builtins.ts';
import { within } from '../waits/timer.ts';
import type { Gateway } from './gateway.ts';
import { ANSWER_TIME, Line } from './line.ts';
import type { Reply, Script } from './redis.ts';

/** What an object is, as all programs must agree. */
export interface Kind {
  readonly script: Script;
  readonly type: string;
  /** What else must be the same wherever the name is used. */
  readonly config: string;
  /** The fields of a new one, name after name with its value. */
  readonly fields: readonly string[];
}

const SUFFIXES = ['m', 'd', 'a', 'b', 'l', 'o', 'x', 'h'];

/** The keys of an object, in the order in which scripts have them. `place` is where the reply of a call is kept: a call of its own, or one after the other. */
export function keysOf(namespace: string, id: string, place: string): string[] {
  const start = `mp:${namespace}:{${id}}:`;
  return SUFFIXES.map((suffix) => (suffix === 'o' ? `${start}o:${place}` : start + suffix));
}

/** The id of the object with this name. */
export function idOfName(name: string): string {
  return `n:${encodeURIComponent(name)}`;
}

/** Returns the error of an object whose name another object of the type `found` has. */
export function nameInUse(name: string | undefined, found: string | undefined, { type }: Kind): StateError {
  return new StateError(
    `The name ${JSON.stringify(name)} is in use for a ${found}${found === type ? ' with other options' : ''}: choose another, or delete it first.`,
  );
}

/** An object in Redis, as one gateway has it. See README.md, "A call". */
export class ClusterObject {
  readonly gateway: Gateway;
  readonly kind: Kind;
  readonly id: string;
  readonly keys: readonly string[];
  readonly #name: string | undefined;
  /** True while a client of this gateway holds something of the object. */
  isHeld = false;
  /** What is called when the holds may be another's from now on. */
  onLost: () => void = () => {};
  /** When the lease was renewed for the last time, or a hold began. */
  renewed = 0;
  readonly #lines = new Map<string, Line>();
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #inc = '';
  #print = '';
  #place = '';
  /** The keys with the places of replies that no call has at the moment, and how many places there are. */
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

  /** True if programs find it by its name. */
  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  /** What a value that is sealed for this object belongs to. */
  get place(): string {
    return this.#place;
  }

  /** True once it is there; calls need not wait for that any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The fingerprint of the key that it was made with; known when it is open. */
  get print(): string {
    return this.#print;
  }

  /** The line of those that wait for one thing. A hint of a letter is for all lines that begin with it. */
  line(letter: string): Line {
    let line = this.#lines.get(letter);
    if (line === undefined) {
      const leave = () => {
        if (letter === 'a' || letter === 'b') this.run('leave', [letter]).catch(() => {});
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

  /** True while the gateway must say that it lives. */
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
      // A server that is full, say, may have room for the next call.
      if (error instanceof ClusterError) this.#opening = undefined;
      throw error;
    }
  }

  /** Runs a step of the object's script. `grows` says that it stores something. */
  async run(op: string, args: readonly (string | Uint8Array)[] = [], grows = false): Promise<Reply> {
    if (!this.#isOpen) await this.opened();
    if (this.#end !== undefined) throw this.#end;
    const inc = this.#inc;
    const reply = await this.#send(op, args, grows);
    if (String(reply[0]) === 'GONE') throw this.#gone(reply[1] === 1, inc);
    return reply;
  }

  /** Resolves when as many replicas as the program demands have what was done. */
  replicated(): Promise<void> {
    return this.gateway.redis.replicated(this.keys[0]!);
  }

  /** Runs a step of one that gives up: resolves to `undefined` where the server is away, or does not answer soon, and the step is taken later. */
  async runBriefly(op: string, args: readonly string[]): Promise<Reply | undefined> {
    const reply = this.run(op, args);
    reply.catch(() => {});
    if (!this.gateway.redis.isReady) return undefined;
    return await within(ANSWER_TIME, reply);
  }

  /** True once it was deleted or lost. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** A message has come: the wait that it names looks again. */
  hint(letter: string): void {
    if (letter === 'x') this.#gone(true, this.#inc);
    else for (const [name, line] of this.#lines) if (name[0] === letter) line.poke();
  }

  /** Nobody will wait in this line any more. */
  dropLine(letter: string): void {
    this.#lines.delete(letter);
  }

  /** All that waits looks again. */
  pokeAll(): void {
    for (const line of this.#lines.values()) if (!line.isEmpty) line.poke();
  }

  /** Says that this gateway lives. */
  async renew(): Promise<void> {
    const at = clock();
    const reply = await this.run('renew').catch(() => undefined);
    if (reply?.[0] === 1) this.renewed = at;
    // A hold that began after this step was sent is not meant by its reply, though both may be heard of at once.
    else if (reply !== undefined && this.isHeld && this.renewed < at) this.onLost();
  }

  /** Nobody of this gateway has a proxy of it any more. */
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

  /** What a call with that `inc` found is not there any more. One with a name that the server has lost begins anew. */
  #gone(isDeleted: boolean, inc: string): Error {
    const { isNamed } = this;
    const what = `The ${this.kind.type} ${isNamed ? JSON.stringify(this.#name) : 'without a name'}`;
    const error = isDeleted
      ? new ClosedError(`${what} was deleted.`)
      : new ClusterError(
          `${what} is gone from the Redis server, which has lost its data, or was away for longer than the lease: ${isNamed ? 'the next call begins a new one' : 'make a new one'}.`,
          'ERR_DATA_LOST',
        );
    // Another call was told before.
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
