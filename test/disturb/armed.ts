import { Cell } from './cell.ts';
import { obey } from './order.ts';

/** The variable of the environment that has a child carry out an order from its birth on. */
export const ARMED = 'TEST_ARMED';

declare global {
  var multiprocDisarm: (() => void) | undefined;
}

/** Calls that order off; the same for the library and for the tests, which have each a copy of this file. */
globalThis.multiprocDisarm ??= arm();
export const disarm = globalThis.multiprocDisarm;

function arm(): () => void {
  const order = process.env[ARMED];
  if (order === undefined) return () => {};
  // Not that of this process's own children.
  delete process.env[ARMED];
  const { path, order: given } = JSON.parse(order);
  return obey(given, new Cell(path));
}
