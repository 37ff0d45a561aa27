import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getStartMethod } from 'multiproc';
import { watched } from '../watchdog.ts';

export { until } from '../watchdog.ts';

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  /** All that it and its children have printed, once it has ended and they have closed their output. */
  readonly ended: Promise<Ended>;
  /** The first line of its output that starts with `word`, without the word, as soon as it is there. */
  said(word: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface ProgramOptions {
  readonly execArgv?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds for which nobody reads what it prints. */
  readonly readAfter?: number;
  /** How long the watchdog waits, in seconds. */
  readonly patience?: number;
}

/** The compiled fixture of this name. */
export const fixture = (name: string): string => resolve(`build/test/process/fixtures/${name}.js`);
/** Its source, for loaders of TypeScript. */
export const fixtureSource = (name: string): string => resolve(`test/process/fixtures/${name}.ts`);

/** Starts node on a file, or on `args` alone where the file is empty. */
export function start(file: string, options: ProgramOptions = {}): Program {
  // What the program starts is what the test's own process would start.
  const preload =
    getStartMethod() === 'thread' ? ['--import', pathToFileURL(resolve('build/test/use-threads.js')).href] : [];
  const { execArgv = [], args = [], env, cwd, input, readAfter = 0, patience } = options;
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...execArgv, ...preload, ...(file === '' ? [] : [file]), ...args], {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...inherited, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const pid = child.pid as number;
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    for (const look of [...listeners]) look();
  });
  if (readAfter > 0) {
    child.stdout!.pause();
    setTimeout(() => child.stdout!.resume(), readAfter);
  }
  child.stderr!.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin?.end(input);
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const done = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
  const guard = <T>(wait: Promise<T>) =>
    watched(wait, pid, () => kill('SIGKILL'), patience).catch((error) => {
      throw new Error(`${error.message}\nOutput:\n${stdout}\nErrors:\n${stderr}`);
    });
  return {
    pid,
    kill,
    ended: guard(done),
    said: (word) =>
      guard(
        new Promise((resolve, reject) => {
          const look = () => {
            const line = stdout.split('\n').find((line, i, all) => i < all.length - 1 && line.startsWith(word));
            if (line === undefined) return;
            listeners.delete(look);
            resolve(line.slice(word.length).trim());
          };
          listeners.add(look);
          look();
          done.then(() => reject(new Error(`It ended without saying ${word}:\n${stdout}\n${stderr}`)));
        }),
      ),
  };
}

/** Runs node on a file until it ends. */
export function run(file: string, options?: ProgramOptions): Promise<Ended> {
  return start(file, options).ended;
}

/** The kernel's letter for the state of a process; `-` if there is none. */
export function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '-';
  } catch {
    return '-';
  }
}

/** True if the process runs; one that waits to be reaped does not. */
export const runs = (pid: number): boolean => !/[-ZX]/.test(stateOf(pid));

/** The processes that this one has started and that have not been reaped. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}
