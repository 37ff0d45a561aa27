// Hosts and pools of one test over one server: each host is a process of its own, as a user starts one. All end with the stage.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'multiproc';
import { Cluster, type ClusterOptions, type ClusterWorker, startWorker } from 'multiproc/cluster';
import { key } from './program.ts';
import type { RedisServer } from './redis-server.ts';

export const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

/** A host, and what it was started with. */
export interface StagedHost {
  /** The command that a user has started. */
  readonly child: ChildProcess;
  readonly id: string;
  /** The line that it printed. */
  readonly line: string;
  /** What it said on its standard error. */
  readonly said: () => string;
}

export interface StagedHostOptions {
  readonly slots?: number;
  readonly args?: readonly string[];
  readonly url?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What stands before the command, such as `ip netns exec A`. */
  readonly before?: readonly string[];
}

export class Stage {
  readonly folder = mkdtempSync(`${tmpdir()}/multiproc-stage-`);
  readonly url: string;
  readonly namespace: string;
  readonly lease: number;
  readonly #children = new Set<ChildProcess>();
  readonly #workers: ClusterWorker[] = [];
  readonly #pools = new Set<Pool>();

  constructor(url: string, namespace: string, lease = 2000) {
    this.url = url;
    this.namespace = namespace;
    this.lease = lease;
  }

  get cluster(): ClusterOptions {
    // On a busy machine the first connection takes its time.
    return { url: this.url, key, lease: this.lease, namespace: this.namespace, connectTimeout: 60_000 };
  }

  /** Starts a host; resolves when it takes tasks. */
  async host({
    slots = 1,
    args = [],
    url = this.url,
    env,
    cwd,
    before = [],
  }: StagedHostOptions = {}): Promise<StagedHost> {
    const own = ['worker', url, '--namespace', this.namespace, '--slots', String(slots), '--lease', `${this.lease}ms`];
    const [command, ...rest] = [...before, process.execPath, cli, ...own, ...args];
    const child = spawn(command!, rest, {
      cwd,
      // Files that a killed host has kept go with the stage.
      env: { ...process.env, MULTIPROC_KEY: key, TMPDIR: this.folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const first = await Promise.race([
      once(createInterface({ input: child.stdout! }), 'line') as Promise<[string]>,
      once(child, 'exit').then(([code]) => [`ended with ${code}: ${said}`]),
    ]);
    const line = first[0]!;
    const [, id] = /^multiproc worker (\S+) takes tasks/.exec(line) ?? [];
    assert.ok(id !== undefined, line);
    return { child, id, line, said: () => said };
  }

  /** Starts a host with a worker of this program. */
  async worker(slots = 1): Promise<ClusterWorker> {
    const { TMPDIR } = process.env;
    // Files that a killed host has kept go with the stage.
    process.env.TMPDIR = this.folder;
    const starting = startWorker({ ...this.cluster, slots, grace: 0 });
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    const worker = await starting;
    this.#workers.push(worker);
    return worker;
  }

  pool(options: object = {}): Pool {
    const { cluster, ...others } = options as { cluster?: ClusterOptions };
    const one = new Pool({ cluster: { ...this.cluster, ...cluster }, ...others });
    this.#pools.add(one);
    return one;
  }

  clusterOf(options: ClusterOptions = {}): Cluster {
    return new Cluster({ ...this.cluster, ...options });
  }

  /** The path of a file that does not exist yet. */
  file(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** Keeps a process that the test has started, and ends it with the stage. */
  keep<Child extends ChildProcess>(child: Child): Child {
    this.#children.add(child);
    return child;
  }

  async end(): Promise<void> {
    for (const one of this.#pools) {
      one.terminate();
      await one.join();
    }
    await Promise.all(this.#workers.map((worker) => worker.drain()));
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The whole lines of a file: one that has just been made is empty. */
export function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

/** Resolves when it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(20);
}

/** Resolves when no key is left in the server; names those that are, if they stay for a minute. */
export async function noKeys(redis: RedisServer): Promise<void> {
  const names = async () => (await redis.list('KEYS', 'mp:*')).map(String);
  const say = () => void names().then((left) => console.error(`Keys that stay: ${left.join(' ')}`));
  const late = setInterval(say, 60_000);
  try {
    await until(async () => (await names()).length === 0);
  } finally {
    clearInterval(late);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The children of a process, the eldest first; none of one that has ended. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A task that notes in a file that it has started, with its process and the host's, and then waits for another file. */
export async function noting(file: string, until: string): Promise<number> {
  const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
  appendFileSync(file, `${process.pid} ${process.ppid}\n`);
  while (!existsSync(until)) await new Promise((resolve) => globalThis.setTimeout(resolve, 10));
  return process.pid;
}
