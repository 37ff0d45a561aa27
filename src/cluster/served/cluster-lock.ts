import { LeaseLostError, StateError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import { clock, os } from '../../engine/builtins.ts';
import { Caller } from '../../managers/caller.ts';
import type { Client } from '../../managers/client.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { WAIT } from '../line.ts';
import type { ClusterObject } from '../object.ts';
import { flag, says } from '../script-values.ts';

/** What an owner learns when it takes a lock. */
export interface Taking {
  /** A number in decimal digits. */
  readonly fence: string;
  readonly isAbandoned: boolean;
}

/** A client's hold on a lock. */
export interface Hold {
  readonly client: Client;
  readonly pid: unknown;
  readonly fence: string;
  readonly forget: () => void;
  /** Called when the hold was lost, or is over. */
  readonly watchers: ((isLost: boolean) => void)[];
  isLost: boolean;
}

/** A lock in Redis, of which conditions can be made. */
export interface ClusterServedLock extends ServedObject {
  readonly object: ClusterObject;
  /** Returns the hold of a client, if it has the lock and has not lost it. */
  holdOf(client: Client): Hold | undefined;
  /** Notes that the client releases the lock for a while. The watchers of the hold are not called. */
  setAside(hold: Hold): void;
  /** Takes the lock again for the client of this hold, however long that takes. */
  takeBack(hold: Hold): Promise<void>;
}

/** Serves a lock in Redis; an `rlock` may be released only by its holder. */
export function clusterLock(object: ClusterObject): ClusterServedLock {
  let hold: Hold | undefined;

  const over = (isLost: boolean) => {
    const ended = hold;
    if (ended === undefined) return;
    if (isLost) ended.isLost = true;
    else {
      hold = undefined;
      object.isHeld = false;
      ended.forget();
    }
    for (const watcher of ended.watchers.splice(0)) watcher(isLost);
  };
  object.onLost = () => {
    object.isHeld = false;
    over(true);
  };

  const free = async (fence: string, isAbandoned: boolean) => {
    const reply = await object.run('release', [fence, flag(isAbandoned)]);
    if (hold !== undefined && says(reply, 'OK') && String(reply[1]) === hold.fence) over(false);
    // Those that wait here need no message.
    object.hint('a');
    return reply;
  };

  const take = (caller: Caller, pid: unknown, options: WaitOptions | undefined): Promise<Taking | false> =>
    object.line('a').enter<Taking | false>(caller, options, {
      async attempt(isFirst, once) {
        const begin = clock();
        const reply = await object.run('take', [flag(isFirst), flag(once), os.hostname(), String(pid)], true);
        if (says(reply, 'WAIT')) {
          if (Number(reply[1]) > 0) object.line('a').pokeIn(Number(reply[1]));
          return WAIT;
        }
        const fence = String(reply[1]);
        const { client } = caller;
        if (client.isDead) {
          await free(fence, true);
          return false;
        }
        // A hold that was lost before has ended by now.
        if (hold !== undefined) over(false);
        const forget = client.onEnd(() => void free(fence, true).catch(() => {}));
        hold = { client, pid, fence, forget, watchers: [], isLost: false };
        object.renewed = begin;
        object.isHeld = true;
        try {
          await object.replicated();
        } catch (error) {
          await free(fence, false);
          throw error;
        }
        return { fence, isAbandoned: String(reply[2]) === '1' };
      },
      expire: () => false,
      undo: (taking) => void (taking && free(taking.fence, false).catch(() => {})),
    });

  const release = async ({ client }: Caller): Promise<void> => {
    const mine = hold?.client === client ? hold : undefined;
    if (mine === undefined && object.kind.type === 'rlock') {
      throw new StateError('Only the client that holds this lock may release it.');
    }
    const reply = await free(mine?.fence ?? '', false);
    if (mine?.isLost || says(reply, 'LOST')) {
      if (hold === mine) over(false);
      throw new LeaseLostError(
        'The lock was lost before this release: its lease ended, or another program released it. Another may have had it since.',
      );
    }
    if (says(reply, 'FREE')) throw new StateError('release() of a lock that nobody holds.');
  };

  const owner = async () => {
    const [gateway, host, pid, since, orphan] = await object.run('owner');
    return gateway === null
      ? undefined
      : { host: String(host), pid: Number(pid), since: Number(since), orphan: String(orphan) };
  };

  const holdOf = (client: Client) => (hold?.client === client && !hold.isLost ? hold : undefined);
  const setAside = (mine: Hold) => {
    if (hold !== mine) return;
    hold = undefined;
    object.isHeld = false;
    mine.forget();
  };
  const takeBack = async (mine: Hold): Promise<void> => {
    const { client, pid, watchers } = mine;
    try {
      await take(new Caller(client), pid, undefined);
      if (hold?.client === client) hold.watchers.push(...watchers.splice(0));
    } finally {
      for (const watcher of watchers.splice(0)) watcher(true);
    }
  };

  const served = serve(
    object.kind.type,
    {
      take,
      release,
      locked: async () => (await owner()) !== undefined,
      abandoned: async () => (await owner())?.orphan === '1',
      holder: async () => {
        const found = await owner();
        return found && { host: found.host, pid: found.pid, since: found.since };
      },
      fence: ({ client }) => holdOf(client)?.fence,
      // Resolves when the hold with this fence is over: to true if it was lost.
      watch: (_, fence) =>
        hold?.fence === fence && !hold?.isLost
          ? new Promise<boolean>((resolve) => void hold!.watchers.push(resolve))
          : hold?.fence === fence,
    },
    () => object.dispose(),
  );
  return Object.assign(served, { object, holdOf, setAside, takeBack });
}
