import assert from 'node:assert/strict';
import { setSpareProcesses } from 'multiproc';
import { watchdog } from '../hang.ts';
import { Cell } from './cell.ts';
import { notBack, settledBlocks } from './memory-back.ts';
import { countPoints, END, type Order } from './order.ts';
import { isDisturbed, nameOf } from './places.ts';
import { planOrders, seed, type Way } from './plan.ts';
import { reached } from './promised.ts';

const SECONDS = 60;
/** What is left so often by the same disturbance is lost each time. */
const TIMES = 4;
// They come and go, with what they hold.
setSpareProcesses(0);

/**
 * Has `attempt` carried out once without a disturbance, to learn which points are passed, then once for each order that is chosen: see README.md.
 * What it throws is thrown with the order before it; a hang ends the program. Answers how many points there are.
 */
export async function forEachOrder(
  scenario: string,
  ways: readonly Way[],
  attempt: (order: Order, cell: Cell) => Promise<void>,
  where?: string,
  keepsBlocks = false,
): Promise<number> {
  assert.ok(isDisturbed, 'The library has no points here: run this by `npm test`, or from build/disturbed/.');
  let trace: readonly number[] = [];
  let before: readonly number[] = [];
  /** Answers which blocks have not come back. */
  const carryOutOnce = async (order: Order): Promise<string> => {
    using cell = new Cell();
    using _ = watchdog(describe(order, trace), SECONDS);
    try {
      await attempt(order, cell);
    } catch (cause) {
      throw new Error(`${describe(order, trace, cell)}: ${(cause as Error).message}`, { cause });
    }
    const passed = cell.trace;
    for (const point of passed) reached.add(point);
    if (order === countPoints) trace = passed;
    const blocks = await settledBlocks();
    const left = order === countPoints || keepsBlocks ? '' : notBack(blocks, before, order.way);
    before = blocks;
    return left;
  };
  const carryOut = async (order: Order): Promise<void> => {
    // A table of an object that stays may have grown: it does so once.
    let left = '';
    for (let times = 0; times < TIMES; times++) {
      left = await carryOutOnce(order);
      if (left === '') return;
    }
    throw new Error(`${describe(order, trace)}: memory is not back, each time ${left}`);
  };
  await carryOut(countPoints);
  for (const order of planOrders(trace, ways, scenario, where)) await carryOut(order);
  return trace.length;
}

/** An order, with what to set in order to see it again; in the end also where it has come to, since not all runs pass the same points. */
function describe({ way, at, errno }: Order, trace: readonly number[], cell?: Cell): string {
  if (way === 'count') return 'undisturbed';
  const places = at.map((n) => nameOf(trace[n - 1] ?? END)).join(', then ');
  const what = `TEST_DISTURB='${way} ${at}${errno === 0 ? '' : ` ${errno}`}' (seed ${seed}) before ${places}`;
  if (cell === undefined) return what;
  return `${what}, this time ${cell.get('reached') > 0 ? nameOf(cell.get('point')) : 'nowhere'}`;
}
