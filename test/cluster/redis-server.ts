// A Redis server of the tests' own, on a socket in a folder of its own. Without an installed server its tests are skipped, loudly.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';

const program = ['valkey-server', 'redis-server'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Why tests over a server are skipped; false if they are not. */
export const skip =
  program === undefined && 'NO valkey-server OR redis-server IS INSTALLED: apt-get install redis-server';
if (skip) console.error(`SKIPPED: ${skip}`);

/** Servers that run: if the test is killed, none must stay. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class RedisServer {
  readonly folder = mkdtempSync(`${tmpdir()}/multiproc-redis-`);
  readonly socket = `${this.folder}/redis.sock`;
  readonly url = `unix:${this.socket}`;
  /** What stands before its command, such as `ip netns exec A`. */
  before: readonly string[] = [];
  readonly #log = `${this.folder}/log`;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #sentinelFile: string | undefined;

  constructor(...options: readonly string[]) {
    this.#options = options;
  }

  /** Makes it a sentinel with this file of settings, which it rewrites. */
  asSentinel(file: string): this {
    this.#sentinelFile = file;
    return this;
  }

  async start(): Promise<this> {
    const own = ['--port', '0', '--unixsocket', this.socket, '--dir', this.folder];
    const role = this.#sentinelFile === undefined ? ['--save', ''] : ['--sentinel'];
    const first = this.#sentinelFile === undefined ? [] : [this.#sentinelFile];
    const [command, ...args] = [...this.before, program!, ...first, ...own, ...role, ...this.#options];
    const log = openSync(this.#log, 'a');
    const child = spawn(command!, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    while ((await this.command('PING').catch(() => '')) !== '+PONG') {
      if (hasEnded(child)) throw new Error(`The server has ended: ${this.said()}`);
      await setTimeout(5);
    }
    return this;
  }

  /** What it has said so far. */
  said(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** Sends one command; resolves to the raw reply without its last line end. */
  async command(...words: (string | Buffer)[]): Promise<string> {
    const socket = connect(this.socket);
    await once(socket, 'connect');
    socket.write(`*${words.length}\r\n`);
    for (const word of words) {
      const bytes = Buffer.from(word as string);
      socket.write(Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]));
    }
    let reply = Buffer.alloc(0);
    for await (const chunk of socket) {
      reply = Buffer.concat([reply, chunk as Buffer]);
      if (isWhole(reply)) break;
    }
    socket.destroy();
    return reply.toString('latin1').replace(/\r\n$/, '');
  }

  /** The texts of a reply that is a list. */
  async list(...words: string[]): Promise<Buffer[]> {
    const reply = Buffer.from(await this.command(...words), 'latin1');
    const items: Buffer[] = [];
    if (reply.toString() === '*0') return items;
    let at = reply.indexOf('\r\n') + 2;
    while (at < reply.length) {
      const end = reply.indexOf('\r\n', at);
      const length = Number(reply.toString('latin1', at + 1, end));
      items.push(reply.subarray(end + 2, end + 2 + length));
      at = end + 2 + length + 2;
    }
    return items;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  pause(): void {
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.#child!.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function isWhole(reply: Buffer): boolean {
  const text = reply.toString('latin1');
  const end = text.indexOf('\r\n');
  if (end === -1) return false;
  const n = Number(text.slice(1, end));
  if (text[0] === '$') return n < 0 || text.length >= end + 2 + n + 2;
  if (text[0] !== '*') return true;
  let at = end + 2;
  for (let i = 0; i < n; i++) {
    const stop = text.indexOf('\r\n', at);
    if (stop === -1) return false;
    at = stop + 2 + (text[at] === '$' ? Number(text.slice(at + 1, stop)) + 2 : 0);
  }
  return text.length >= at;
}
