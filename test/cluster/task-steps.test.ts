// Each process that takes part in the life of a pool and its tasks is killed, and is stopped for longer than the lease, at each step of
// the protocol: just before the server takes the step, and when the server has taken it and nobody has heard of that. TEST_LONG has all.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { randomBelow } from '../seeded.ts';
import { programCode, readDiary } from './diary.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { childrenOf, linesOf, noKeys, Stage, type StagedHost, until } from './stage.ts';
import { StepProxy, steps } from './step-proxy.ts';

const isLong = process.env.TEST_LONG === '1';
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const lease = 1500;

type StepName = keyof typeof steps;
/** The steps that a host takes, and those that the gateway of a program takes. */
const ofHost = ['claim', 'start', 'result', 'complete', 'extend', 'look', 'say'] as const;
const ofGateway = ['post', 'enrol', 'describe', 'submit', 'add', 'read', 'keep', 'outlive', 'remove'] as const;
const takenBy: Record<string, readonly StepName[]> = {
  agent: ofHost,
  worker: ['start', 'result', 'complete'],
  gateway: ofGateway,
  program: ofGateway,
  server: [...ofHost, ...ofGateway],
};

interface Case {
  readonly victim: string;
  readonly step: StepName;
  readonly side: 'before' | 'after';
  readonly act: 'kill' | 'stop';
}
const all: Case[] = Object.entries(takenBy).flatMap(([victim, names]) =>
  names.flatMap((step) =>
    (['before', 'after'] as const).flatMap((side) =>
      (['kill', 'stop'] as const).map((act) => ({ victim, step, side, act })),
    ),
  ),
);
const asked = process.env.TEST_STEP;
const nameOf = ({ act, victim, side, step }: Case) => `${act} ${victim} ${side} ${step}`;

/** All cases; in a short run some of those of hosts and workers, which take the least time. */
function chosen(): Case[] {
  if (asked !== undefined) return all.filter((each) => nameOf(each).includes(asked));
  if (isLong) return all;
  const random = randomBelow(seed);
  return ['agent', 'agent', 'agent', 'worker'].map((victim) => {
    const its = all.filter((each) => each.victim === victim);
    return its[random(its.length)]!;
  });
}

test(`kills and stops at the steps of a task: each promise settles once, what may start once never starts twice, nothing stays (TEST_SEED=${seed})`, {
  skip,
  timeout: isLong ? 7_000_000 : 250_000,
}, async () => {
  const redis = await new RedisServer('--appendonly', 'yes', '--appendfsync', 'always').start();
  const stage = new Stage(redis.url, 'default', lease);
  const [toHost, toProgram] = [stage.file('to-host'), stage.file('to-program')].map(
    (path) => new StepProxy(redis.socket, path),
  ) as [StepProxy, StepProxy];
  const [diary, starts] = [stage.file('diary'), stage.file('starts')];
  const [killed, stopped] = [new Set<number>(), new Set<number>()];
  const startProgram = (url: string): ChildProcess => {
    const code = programCode({ url, key, lease }, diary, starts);
    return stage.keep(spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'inherit', 'inherit'] }));
  };
  const end = async (program: ChildProcess) => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.stdin!.end();
    await once(program, 'exit');
  };
  try {
    const spare = await stage.host({ slots: 2 });
    const other = startProgram(redis.url);
    let host: StagedHost = await stage.host({ slots: 2, url: toHost.url });
    let program = startProgram(toProgram.url);
    const settledOf = (one: ChildProcess) =>
      linesOf(diary).filter((line) => line.startsWith(`settled ${one.pid}-`) && line.endsWith(' ok')).length;
    /** Tasks of both programs succeed after what was done. */
    const goesOn = async () => {
      const [before, ofOther] = [settledOf(program), settledOf(other)];
      await until(() => settledOf(program) > before + 8 && settledOf(other) > ofOther + 8);
    };
    await goesOn();

    const run = async ({ victim, step, side, act }: Case) => {
      const proxy = (ofHost as readonly string[]).includes(step) ? toHost : toProgram;
      const agent = childrenOf(host.child.pid!)[0]!;
      const pidsOf = (): (number | undefined)[] => {
        if (victim === 'agent') return [agent];
        if (victim === 'worker') return childrenOf(agent);
        if (victim === 'program') return [program.pid];
        return [childrenOf(program.pid!)[0]];
      };
      const signalAll = (pids: readonly (number | undefined)[], signal: NodeJS.Signals) => {
        for (const pid of pids) {
          try {
            if (pid !== undefined) process.kill(pid, signal);
          } catch {
            // It has ended meanwhile.
          }
        }
      };
      let pids: (number | undefined)[] = [];
      let ended: Promise<unknown> | undefined;
      const strike = () => {
        if (victim === 'server') {
          if (act === 'kill') ended = redis.end('SIGKILL');
          else redis.pause();
          return;
        }
        pids = pidsOf();
        signalAll(pids, act === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      };
      const isOfProgram = victim === 'program' || victim === 'gateway';
      if (isOfProgram) (act === 'kill' && victim === 'program' ? killed : stopped).add(program.pid!);
      const cuts = act === 'kill' && victim !== 'server' && victim !== 'worker';
      // These steps come with the begin and the end of a pool only.
      const isFirst = step === 'post' || step === 'describe';
      if (isFirst) await end(program);
      const struck = proxy.at(steps[step], side, strike, { goesOn: !cuts });
      if (step === 'remove') program.stdin!.end();
      if (isFirst) {
        program = startProgram(toProgram.url);
        if (isOfProgram) (act === 'kill' && victim === 'program' ? killed : stopped).add(program.pid!);
      }
      await struck;
      if (act === 'stop') {
        await setTimeout(2 * lease);
        if (victim === 'server') redis.resume();
        else signalAll(pids, 'SIGCONT');
      }
      await ended;
      if (victim === 'server' && act === 'kill') await redis.start();
      if (cuts) proxy.mend();
      if (victim === 'agent' && act === 'kill') {
        if (host.child.exitCode === null && host.child.signalCode === null) await once(host.child, 'exit');
        host = await stage.host({ slots: 2, url: toHost.url });
      }
      if (step === 'remove' || (victim === 'program' && act === 'kill')) {
        if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
        program = startProgram(toProgram.url);
      }
      await goesOn();
    };

    const cases = chosen();
    for (const each of cases) {
      console.log(nameOf(each));
      await run(each);
    }
    await Promise.all([end(program), end(other)]);
    for (const { child } of [host, spare]) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    const { submitted, ends, wrong } = readDiary(diary, starts, killed, stopped);
    console.log(`${cases.length} cases, ${submitted} tasks: ${JSON.stringify(ends)}`);
    assert.deepEqual(wrong, []);
    await noKeys(redis);
  } finally {
    await stage.end();
    await Promise.all([toHost.end(), toProgram.end()]);
    await redis.remove();
  }
});
