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
  const { gateway } = object;
  let hold: Hold | undefined;
  /** The last fence of which this gateway has heard. */
  let last = '';

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
  object.farewell = () => [hold?.fence ?? ''];

  const free = async (fence: string, isAbandoned: boolean) => {
    const reply = await object.run('release', [fence, flag(isAbandoned)]);
    if (hold?.fence === (says(reply, 'OK') ? String(reply[1]) : fence)) over(false);
    // Those that wait here need no message.
    object.hint('a');
    return reply;
  };

  const own = (client: Client, pid: unknown, fence: string) => {
    // A hold that was lost before has ended by now.
    if (hold !== undefined) over(false);
    const forget = client.onEnd(() => void free(fence, true).catch(() => {}));
    hold = { client, pid, fence, forget, watchers: [], isLost: false };
    last = fence;
    object.isHeld = true;
  };

  const take = (caller: Caller, pid: unknown, options: WaitOptions | undefined): Promise<Taking | false> => {
    const { client } = caller;
    /** The place of the gateway in the line, when this call has last looked. */
    let place = '';
    return object.line('a').enter<Taking | false>(caller, options, {
      async attempt(isFirst, once) {
        const begin = clock();
        const process = `${os.hostname()} ${pid}`;
        const reply = await object.run('take', [flag(isFirst), flag(once), process, hold?.fence ?? ''], true);
        if (says(reply, 'WAIT')) {
          if (Number(reply[1]) > 0) object.line('a').pokeIn(Number(reply[1]));
          if (once) return WAIT;
          place = String(reply[2]);
          object.renewed = Math.max(object.renewed, begin);
          return WAIT;
        }
        const fence = String(reply[1]);
        // Another call of this gateway has found the same grant.
        if (fence === last) return WAIT;
        if (client.isDead) {
          last = fence;
          await free(fence, true);
          return false;
        }
        own(client, pid, fence);
        object.renewed = begin;
        try {
          await object.replicated();
        } catch (error) {
          await free(fence, false);
          throw error;
        }
        return { fence, isAbandoned: String(reply[2]) === '1' };
      },
      accept([granted, fence, orphan]) {
        if (granted !== place || hold !== undefined || client.isDead || fence === last) return undefined;
        // Replicas may not have it, or the lease may be over before this program can know.
        if (gateway.redis.needsReplicas || !gateway.isSafe(object)) return undefined;
        own(client, pid, fence!);
        return { fence: fence!, isAbandoned: orphan === '1' };
      },
      expire: () => false,
      undo: (taking) => void (taking && free(taking.fence, false).catch(() => {})),
    });
  };

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
    const [owner, process, since, orphan] = await object.run('owner');
    if (owner === null) return undefined;
    const [host, pid] = String(process).split(' ');
    return { host: host!, pid: Number(pid), since: Number(since), orphan: String(orphan) };
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
