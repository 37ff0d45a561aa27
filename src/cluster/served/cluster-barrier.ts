import { BrokenBarrierError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { Caller } from '../../managers/caller.ts';
import { Parties } from '../../managers/served/parties.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { WAIT } from '../line.ts';
import type { ClusterObject } from '../object.ts';
import { flag, says } from '../script-values.ts';

/** Thrown at the time-out of a party, which breaks the barrier for the others. */
class Late extends Error {}

/** Serves a barrier in Redis. */
export function clusterBarrier(object: ClusterObject): ServedObject {
  const part = () => {
    object.isHeld = false;
    void object.run('part').catch(() => {});
  };
  const broken = () => void object.run('break').catch(() => {});
  const parties = new Parties(broken, part);
  let waits = 0;

  const wait = async (caller: Caller, options: WaitOptions | undefined): Promise<number> => {
    const number = String(++waits);
    let index: number | undefined;
    try {
      return await object.line('a').enter<number>(caller, options, {
        arrives: true,
        async attempt() {
          const isFirst = index === undefined;
          const reply = isFirst ? await object.run('arrive', [number], true) : await object.run('look', [number]);
          if (says(reply, 'BROKEN')) throw new BrokenBarrierError();
          if (isFirst) {
            index = Number(reply[1]);
            // The death of a party that has come once breaks the barrier.
            object.isHeld = true;
          }
          return says(reply, 'WAIT') ? WAIT : index!;
        },
        expire() {
          throw new Late();
        },
        undo() {},
      });
    } catch (error) {
      return await withdrawn(number, index, error);
    }
  };

  /** Withdraws a party that has given up. If its round has become full meanwhile, the party passes nevertheless. */
  const withdrawn = async (number: string, index: number | undefined, cause: unknown): Promise<number> => {
    const isLate = cause instanceof Late;
    const error = isLate
      ? new BrokenBarrierError('The barrier is broken: not all parties came within the time that this one gave them.')
      : cause;
    if (cause instanceof BrokenBarrierError) throw error;
    const reply = await object.runBriefly('withdraw', [number, flag(isLate)]);
    if (reply !== undefined && says(reply, 'OK')) return index!;
    throw error;
  };

  const state = async () => (await object.run('state')).map(Number) as [number, number, number];
  return serve(
    'barrier',
    {
      wait: (caller, options) => parties.waiting(caller.client, () => wait(caller, options)),
      reset: async () => void (await object.run('reset')),
      abort: async () => void (await object.run('break')),
      parties: async () => (await state())[0],
      nWaiting: async () => (await state())[1],
      broken: async () => (await state())[2] === 1,
    },
    () => {
      parties.dispose();
      if (object.isHeld) part();
      object.dispose();
    },
  );
}
