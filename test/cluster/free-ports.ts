// Ports for servers of the tests' own.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** The system gives programs that connect ports from here on: one of those could be gone before the server has it. */
const FIRST_GIVEN = 32768;
const LOWEST = 15000;
const given = new Set<number>();

/** Returns ports on which nothing listens, and which the system gives nobody. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = LOWEST + Math.floor(Math.random() * (FIRST_GIVEN - LOWEST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const listener = createServer().listen(port, '127.0.0.1');
  try {
    await once(listener, 'listening');
  } catch {
    return false;
  }
  listener.close();
  await once(listener, 'close');
  return true;
}
