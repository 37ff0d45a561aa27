import { Empty, Full, ShutDown, StateError, TimeoutError } from '../../contracts/errors.ts';
import { isImmediate, type WaitOptions } from '../../contracts/options.ts';
import { afterPutting, checkMax } from '../../contracts/queue.ts';
import type { Caller } from '../../managers/caller.ts';
import type { Client } from '../../managers/client.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { Batch } from '../batch.ts';
import { WAIT } from '../line.ts';
import type { ClusterObject } from '../object.ts';
import { assertStorable } from '../payload-too-large.ts';
import { flag, says } from '../script-values.ts';
import { clientNumber } from './client-number.ts';

/** More items than any queue has: `getMany` of all. */
const ALL = 4294967295;

/** The result of `getMany`: the items, unsealed, and the error of the first item that could not be unsealed. */
export interface Taken {
  readonly items: readonly Uint8Array[];
  readonly error: unknown;
}

interface Putting {
  readonly items: readonly Uint8Array[];
  /** `count` is the number of items that were put. */
  resolve(count: number): void;
  reject(error: unknown): void;
}

interface Getting {
  readonly max: number;
  resolve(items: readonly Buffer[]): void;
  reject(error: unknown): void;
}

/** Serves a queue in Redis. Items come and go as the bytes that a proxy has made of them. */
export function clusterQueue(object: ClusterObject): ServedObject {
  const { seal, maxPayload } = object.gateway;
  const { type, config } = object.kind;
  const redelivers = config[1] === 'r';
  /** Consumers whose items come back when they are gone. */
  const known = new WeakSet<Client>();

  const puts = new Batch<Putting>(async (flags, calls) => {
    try {
      const items = calls.flatMap((call) => call.items);
      const reply = await object.run('put', [flags[0]!, flags[1]!, ...items], true);
      let left = says(reply, 'OK') ? Number(reply[1]) : 0;
      // Waits of this gateway need no message.
      if (left > 0) object.hint('a');
      for (const { items, resolve, reject } of calls) {
        if (says(reply, 'SHUT')) reject(new ShutDown());
        else resolve(Math.min(left, items.length));
        left -= Math.min(left, items.length);
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  });

  const gets = new Batch<Getting>(async (flags, calls) => {
    try {
      const max = calls.reduce((sum, call) => sum + call.max, 0);
      const reply = await object.run('get', [
        flags[0]!,
        flags[1]!,
        String(Math.min(max, ALL)),
        flags.slice(2),
        String(calls.length),
      ]);
      const isShut = says(reply, 'SHUT');
      const items = says(reply, 'OK') ? (reply.slice(1) as Buffer[]) : [];
      if (items.length > 0) {
        object.hint('b');
        // Items are in hand: the gateway must live.
        if (redelivers) object.isHeld = true;
      }
      let from = 0;
      for (const { max, resolve, reject } of calls) {
        if (isShut) reject(new ShutDown());
        else resolve(items.slice(from, (from += Math.min(max, items.length - from))));
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  });

  const put = (
    caller: Caller,
    items: readonly Uint8Array[],
    options: WaitOptions | undefined,
    isOne = true,
  ): Promise<void> => {
    for (const item of items) {
      if (!(item instanceof Uint8Array)) throw new TypeError('An item comes as bytes.');
      assertStorable('An item', item.length, maxPayload);
    }
    let done = 0;
    return object
      .line('b')
      .enter<void>(caller, options, {
        isShared: true,
        async attempt(isFirst, once) {
          if (!object.isOpen) await object.opened();
          if (items.length === 0 && (await state()).isShut) throw new ShutDown();
          for (let first = isFirst; done < items.length; first = true) {
            const sealed = items.slice(done).map((item) => seal.seal(item, object.place));
            const bytes = sealed.reduce((sum, item) => sum + item.length, 0);
            const count = await new Promise<number>((resolve, reject) =>
              puts.add(flag(first) + flag(once), { items: sealed, resolve, reject }, bytes),
            );
            if (count === 0) return WAIT;
            done += count;
          }
          return undefined;
        },
        expire() {
          throw new Full();
        },
        undo() {},
      })
      .catch((error) => {
        throw isOne ? error : afterPutting(error, done);
      });
  };

  const get = (caller: Caller, max: number, options: WaitOptions | undefined): Promise<readonly Buffer[]> => {
    const number = clientNumber(caller.client);
    if (redelivers && !known.has(caller.client)) {
      known.add(caller.client);
      caller.client.onEnd(() => void object.run('unhand', [number]).catch(() => {}));
    }
    const giveBack = async (items: readonly Buffer[]) => {
      if (!redelivers) await object.run('back', items);
      else for (const item of [...items].reverse()) await object.run('unhand', [number, item]);
    };
    const undo = (items: readonly Buffer[]) => void giveBack(items).catch(() => {});
    return object.line('a').enter<readonly Buffer[]>(caller, options, {
      isShared: true,
      async attempt(isFirst, once) {
        const items = await new Promise<readonly Buffer[]>((resolve, reject) =>
          gets.add(flag(isFirst) + flag(once) + number, { max, resolve, reject }, 0),
        );
        if (items.length === 0) return WAIT;
        if (!caller.client.isDead) return items;
        undo(items);
        throw new Error('The client is gone.');
      },
      expire() {
        throw new Empty();
      },
      undo,
    });
  };
  const one = async (caller: Caller, options: WaitOptions | undefined): Promise<Uint8Array> => {
    const [item] = await get(caller, 1, options);
    return seal.open(item!, object.place);
  };
  const many = async (caller: Caller, max: number, options: WaitOptions | undefined): Promise<Taken> => {
    checkMax(max);
    const sealed = await get(caller, Math.min(max, ALL), options);
    const taken = { items: [] as Uint8Array[], error: undefined as unknown };
    for (const item of sealed) {
      try {
        taken.items.push(seal.open(item, object.place));
      } catch (error) {
        taken.error ??= error;
      }
    }
    return taken;
  };
  const state = async () => {
    const [size, max, isShut] = await object.run('state');
    return { size: Number(size), max: Number(max), isShut: Number(isShut) === 1 };
  };

  return serve(
    type,
    {
      put: (caller, item, options) => put(caller, [item], options),
      putNowait: (caller, item) => put(caller, [item], { timeout: 0 }),
      putMany: (caller, items, options) => put(caller, items, options, false),
      get: one,
      getNowait: (caller) => one(caller, { timeout: 0 }),
      getMany: many,
      qsize: async () => (await state()).size,
      empty: async () => (await state()).size === 0,
      full: async () => {
        const { size, max } = await state();
        return max > 0 && size >= max;
      },
      async shutdown(_, options) {
        await object.run('shut', [flag(isImmediate(options))]);
        await object.replicated();
      },
      ...(type === 'joinableQueue' && {
        taskDone: async (caller: Caller) => {
          const reply = await object.run('done', [clientNumber(caller.client)]);
          if (!says(reply, 'NONE')) return;
          throw new StateError(
            redelivers
              ? 'taskDone() was called without an item in hand: each was told done, or its lease ended and it went to another consumer.'
              : 'taskDone() was called more often than items were put.',
          );
        },
        join: (caller: Caller, options: WaitOptions | undefined) =>
          object.line('j').enter<void>(caller, options, {
            attempt: async () => (says(await object.run('join'), 'WAIT') ? WAIT : undefined),
            expire() {
              throw new TimeoutError(`The items were not all done within ${options?.timeout} ms.`);
            },
            undo() {},
          }),
      }),
    },
    () => object.dispose(),
  );
}
