import { readFileSync } from 'node:fs';
import { isDisturbed } from './places.ts';

/** A line of docs/reliability.md: points of one source file, and the test that comes there; `undefined` if none does. */
export interface Line {
  readonly file: string;
  readonly functions: readonly string[];
  readonly test: string | undefined;
}

/** All lines of the page. */
export function readPage(): Line[] {
  const url = new URL(`../../../${isDisturbed ? '../../' : ''}docs/reliability.md`, import.meta.url);
  const rows = readFileSync(url, 'utf8').matchAll(/^\| `([\w/-]+\.ts)` +\| ([^|]+)\| ([^|]+)\|$/gm);
  return [...rows].map(([, file, functions, test]) => ({
    file: file as string,
    functions: [...functions!.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string),
    test: /^`([\w/-]+)` *$/.exec(test as string)?.[1],
  }));
}
