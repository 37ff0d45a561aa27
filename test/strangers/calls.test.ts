import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'multiproc/connection';
import { DictProxy, ListProxy, Manager, QueueProxy } from 'multiproc/managers';
import { ITERATE, KIND, say } from '#dist/managers/messages.js';
import { LockProxy, SemaphoreProxy } from '#dist/managers/proxies/lock-proxies.js';
import { SetProxy } from '#dist/managers/proxies/set-proxy.js';
import { BarrierProxy, EventProxy } from '#dist/managers/proxies/signal-proxies.js';
import { NamespaceProxy, ValueProxy } from '#dist/managers/proxies/value-proxies.js';
import { watched } from '../watchdog.ts';
import { hangCanary } from './canary.ts';
import { Dice, inputs, seed } from './dice.ts';
import { luresOf } from './lures.ts';
import { randomLetter } from './random-letter.ts';
import { openRaw } from './raw-client.ts';
import { KEY, Victim } from './victim.ts';

/** Messages that one client sends. */
const MESSAGES = 25;

const proxies = [DictProxy, ListProxy, QueueProxy, LockProxy, SemaphoreProxy, SetProxy, BarrierProxy, EventProxy];
const methods = [...proxies, NamespaceProxy, ValueProxy].flatMap((cls) => Object.getOwnPropertyNames(cls.prototype));
const names = [...methods, KIND, ITERATE, 'constructor', '__proto__', 'tryAcquire', 'acquire', 'release', ''];
// All but pools, which would start processes.
const types = [
  'queue',
  'joinableQueue',
  'lock',
  'rlock',
  'semaphore',
  'boundedSemaphore',
  'condition',
  'event',
  'barrier',
];
types.push('dict', 'list', 'set', 'namespace', 'value', 'array', 'unknown', '__proto__');

/** Any argument, also those that are awaited. */
function argument(dice: Dice, depth = 2): unknown {
  const leaves = [
    undefined,
    null,
    0,
    1,
    -1,
    2.5,
    NaN,
    2 ** 31,
    'x',
    '__proto__',
    true,
    5n,
    { timeout: 0 },
    { timeout: 'x' },
  ];
  const makers = [
    () => [argument(dice, depth - 1), argument(dice, depth - 1)],
    () => ({ a: argument(dice, depth - 1), timeout: argument(dice, 0) }),
    () => new Map([[argument(dice, 0), argument(dice, depth - 1)]]),
    () => new Set([argument(dice, 0)]),
    () => (old: unknown) => old,
    () => new Error('x', { cause: argument(dice, 0) }),
    () => new Uint8Array(9),
  ];
  return depth === 0 || dice.chance(0.5) ? dice.pick(leaves) : dice.pick(makers)();
}

/** Something that a client may say, or might. */
function message(dice: Dice, client: number): unknown {
  const id = dice.pick<unknown>([`${client}.1`, `${client}.2`, '1.1', 's.1', 7, undefined, {}]);
  const args = dice.chance(0.9) ? Array.from({ length: dice.below(3) }, () => argument(dice)) : argument(dice);
  const number = dice.pick([dice.below(30), NaN, 'x', -1]);
  const kind = dice.pick([say.CREATE, say.CREATE, say.CALL, say.CALL, say.CALL, say.CALL, dice.below(9)]);
  if (kind === say.CREATE) return [kind, id, dice.pick(types), args, dice.chance(0.9) ? undefined : argument(dice)];
  if (kind === say.CALL) return [kind, number, id, dice.pick(names), args];
  return dice.pick<unknown>([[kind, id, argument(dice)], [kind], argument(dice)]);
}

test(`whatever clients of a manager say, its server is well, and serves others (TEST_SEED=${seed})`, async (t) => {
  const canary = await hangCanary(t);
  const victim = await Victim.start(t);
  const lures = luresOf(canary, true);
  const talk = async (input: number) => {
    const dice = new Dice(seed, input);
    if (dice.chance(0.2)) {
      const { socket, sendValue } = await openRaw(victim.manager, KEY);
      for (let n = 0; n < MESSAGES; n++) sendValue(randomLetter(seed, input * MESSAGES + n, lures).body);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end();
      return closed;
    }
    using connection = await connect(victim.manager, { authKey: KEY });
    const [, , client] = await connection.recv();
    for (let n = 0; n < MESSAGES; n++) await connection.send(message(dice, client)).catch(() => {});
    // It answers while it listens, and ends with what is none of its language.
    await connection.send([say.CALL, -7, 'none', 'x', []]).catch(() => {});
    for await (const [call] of connection) if (call === -7) break;
  };
  const all = inputs(100);
  let before = await victim.health();
  for (const [i, input] of all.entries()) {
    await watched(talk(input));
    if (i === 20) before = await victim.health();
  }
  const manager = new Manager({ address: victim.manager, authKey: KEY });
  await watched(manager.connect());
  const dict = manager.dict({ a: 1 });
  assert.equal(await watched(dict.update('a', (n) => n! + 1)), 2);
  await manager.shutdown();
  await victim.assertWell(before, true);
  assert.equal(await canary.visits(), 0);
});
