import { forEachOrder } from './each-order.ts';
import { usualWays, type Way } from './plan.ts';
import { type Disturbance, type Surroundings, Victim } from './victim.ts';

export interface Options<A extends unknown[]> extends Surroundings<A> {
  /** Some of what can happen; the usual ones if left out. */
  readonly ways?: readonly Way[];
  /** A file of src/, and perhaps the name of a function behind it: its points are all taken, not some of them. */
  readonly where?: string;
  /** True where the test itself takes a block each time and keeps it: there nobody looks whether memory is back. */
  readonly keepsBlocks?: boolean;
}

/**
 * Runs `act` in processes that are disturbed at its first, second, … point: killed there, or stopped there while others act, or their next
 * call of the system fails. After each, `inspect` looks at what is left; a victim that has survived is there until then. Answers how many
 * points there are.
 */
export async function disturbEverywhere<A extends unknown[]>(
  act: (...args: A) => unknown,
  args: () => [...A],
  inspect: (disturbance: Disturbance, ...args: A) => Promise<void> | void,
  { ways = usualWays, where, keepsBlocks, ...surroundings }: Options<A> = {},
): Promise<number> {
  return forEachOrder(
    act.toString(),
    ways,
    async (order, cell) => {
      const given: A = args();
      await using victim = new Victim(order, cell, surroundings, act, given);
      await inspect(await victim.disturbance(), ...given);
      await victim.isItself();
    },
    where,
    keepsBlocks,
  );
}
