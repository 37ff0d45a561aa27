import assert from 'node:assert/strict';
import { after, test as register } from 'node:test';
import { platformInfo, setStartMethod } from 'multiproc';

/** Cases that run over processes, and over threads as well where a file asks for it by `overThreads`. */

/** What over threads is no case, by its name, and why. */
export type Exceptions = Readonly<Record<string, string>>;

let excepted: Exceptions = {};
const met = new Set<string>();

/** `test` of node:test, but for what is excepted. */
export const test = ((name: string, ...rest: unknown[]): void => {
  if (Object.hasOwn(excepted, name)) met.add(name);
  else (register as (...args: unknown[]) => void)(name, ...rest);
}) as typeof register;

/**
 * Runs the cases of these files, which stand beside the test at `url`, with worker threads in place of processes. Each exception must be one of
 * their cases. On the portable platform there are more exceptions.
 */
export async function overThreads(
  url: string,
  files: readonly string[],
  exceptions: Exceptions = {},
  onPortable: Exceptions = {},
): Promise<void> {
  setStartMethod('thread');
  excepted = platformInfo().platform === 'portable' ? { ...exceptions, ...onPortable } : exceptions;
  for (const file of files) await import(new URL(`./${file}.test.js`, url).href);
  after(() => assert.deepEqual([...met].sort(), Object.keys(excepted).sort()));
}
