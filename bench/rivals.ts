import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const names = ['piscina', 'tinypool', 'workerpool', 'poolifier', 'bullmq', 'ioredis', 'redis-semaphore'];

/** The packages that multiproc is compared with, as they are installed: "piscina 5.3.2, …". */
export function rivals(): string {
  return names.flatMap(versionOf).join(', ');
}

function versionOf(name: string): string[] {
  const file = ['bench/', ''].map((folder) => `${root}${folder}node_modules/${name}/package.json`).find(existsSync);
  return file === undefined
    ? []
    : [`${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`];
}
