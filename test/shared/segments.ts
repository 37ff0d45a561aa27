/** What tests of named segments see of them from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { watched } from '../watchdog.ts';

let count = 0;

/** A name that nobody else has. */
export function freshName(): string {
  return `multiproc-test-${process.pid}-${count++}`;
}

/** Where its file is. */
export const pathOf = (name: string): string => `/dev/shm/${name}`;

export function exists(name: string): boolean {
  return existsSync(pathOf(name));
}

export const FOLDER = `/dev/shm/.multiproc-${process.getuid!()}`;

/** True if the name is noted as some process's. */
export function isNoted(name: string): boolean {
  return list(FOLDER).some((owner) =>
    list(`${FOLDER}/${owner}`).some(
      (entry) => /^\d+$/.test(entry) && readlinkSync(`${FOLDER}/${owner}/${entry}`) === name,
    ),
  );
}

/** True if there is a folder of this process. */
export function hasFolder(pid: number | undefined): boolean {
  return list(FOLDER).some((owner) => owner.split('-')[1] === String(pid));
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const children: ChildProcess[] = [];
// Those that a failed test has left.
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a program of `fixtures/` that is no member of the family, and waits for its first line. */
export async function run(name: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const path = fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const first = new Promise<string>((resolve) => {
    child.stdout.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', () => resolve(''));
  });
  return { child, line: await watched(first) };
}

/** Waits for the end of a program, which `signal` or the end of its input brings about. */
export async function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (signal === undefined) child.stdin!.end();
  else child.kill(signal);
  await watched(exited);
}
