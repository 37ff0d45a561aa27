import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout } from '../engine/builtins.ts';

const PROGRAMS = ['valkey-server', 'redis-server'];
/** Milliseconds between two looks whether the server listens, and until that is given up. */
const LOOK = 20;
const START_TIME = 30_000;

/** Starts a server for clusters in the foreground; resolves to its exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  const options = { port: { type: 'string' }, host: { type: 'string' }, dir: { type: 'string' } } as const;
  const { port = '6379', host, dir = './mp' } = parseArgs({ args: [...args], options }).values;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) throw new Error(`--port ${port} is no port`);
  if (host !== undefined && !/^[\w.:-]+$/.test(host)) throw new Error(`--host ${host} is no address`);
  const program = PROGRAMS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (program === undefined) {
    throw new Error(
      `neither ${PROGRAMS.join(' nor ')} is installed. On Debian or Ubuntu: apt-get install redis-server; on a Mac: brew install valkey`,
    );
  }
  if (await isThere(Number(port), host))
    throw new Error(`something listens on port ${port} already: choose another with --port`);
  const folder = resolve(dir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const keyFile = join(folder, 'key');
  secretOf(keyFile);
  const password = secretOf(join(folder, 'password'));
  const config = join(folder, 'server.conf');
  writeFileSync(config, configOf(folder, port, host, password), { mode: 0o600 });

  const child = spawn(program, [config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<number>((settle, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => settle(code ?? 1));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(child));
  const isUp = await Promise.race([listens(Number(port), host), ended.then(() => false)]);
  if (!isUp) throw new Error(`${program} did not start on port ${port}:\n${lastLines(join(folder, 'server.log'))}`);
  const shownHost = host === undefined ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const url = `redis://:${password}@${shownHost}:${port}`;
  process.stdout.write(`MULTIPROC_CLUSTER=${url} MULTIPROC_KEY_FILE=${keyFile} node app.js\n`);
  return ended;
}

/** Returns the secret in a file that only this user may read; makes both at the first call. */
function secretOf(file: string): string {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}

/** Returns the configuration: what is acknowledged is on the disk within a second, nothing in use is dropped, and nobody without the password gets in. */
function configOf(folder: string, port: string, host: string | undefined, password: string): string {
  const lines = [
    `bind 127.0.0.1${host === undefined || host === '127.0.0.1' ? '' : ` ${host}`}`,
    `port ${port}`,
    `dir ${JSON.stringify(folder)}`,
    `logfile ${JSON.stringify(join(folder, 'server.log'))}`,
    'protected-mode yes',
    `requirepass ${password}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'enable-protected-configs no',
    'enable-debug-command no',
    'enable-module-command no',
    'daemonize no',
  ];
  return `${lines.join('\n')}\n`;
}

/** True once the server listens; false if it does not come to that. */
async function listens(port: number, host: string | undefined): Promise<boolean> {
  for (let waited = 0; waited < START_TIME; waited += LOOK) {
    if (await isThere(port, host)) return true;
    await new Promise<void>((settle) => void setTimeout(settle, LOOK));
  }
  return false;
}

function isThere(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => settle(false));
  });
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join('\n') : 'it left no log';
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
}
