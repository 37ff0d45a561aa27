// Seeded kills of everything, one after the other, under load: hosts, their workers, gateways, programs and the server, and hosts that are
// stopped for longer than their lease. TEST_LONG has 500 of them.
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

const isLong = process.env.TEST_LONG === '1';
const kills = Number(process.env.TEST_KILLS ?? (isLong ? 500 : 12));
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const lease = 1500;

const random = randomBelow(seed);

test(`${kills} kills under load: each promise settles once, what may start once never starts twice, nothing stays (TEST_SEED=${seed})`, {
  skip,
  timeout: isLong ? 7_000_000 : 200_000,
}, async () => {
  const redis = await new RedisServer('--appendonly', 'yes', '--appendfsync', 'always').start();
  const stage = new Stage(redis.url, 'default', lease);
  const [diary, starts] = [stage.file('diary'), stage.file('starts')];
  const code = programCode({ url: redis.url, key, lease }, diary, starts);
  const killed = new Set<number>();
  const counts: Record<string, number> = {};
  try {
    const hosts: StagedHost[] = [];
    const agents: number[] = [];
    const startHost = async (at: number) => {
      hosts[at] = await stage.host({ slots: 2 });
      agents[at] = childrenOf(hosts[at]!.child.pid!)[0]!;
    };
    const programs: ChildProcess[] = [];
    const startProgram = (at: number) => {
      programs[at] = stage.keep(spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'inherit', 'inherit'] }));
    };
    await Promise.all([startHost(0), startHost(1)]);
    for (const at of [0, 1]) startProgram(at);
    /** Something was settled after the kill. */
    const goesOn = async () => {
      const before = linesOf(diary).length;
      await until(() => linesOf(diary).length > before + 8);
    };
    await goesOn();
    const kill = (pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL') => {
      try {
        if (pid !== undefined) process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    };
    const kinds = {
      async host(at: number) {
        kill(agents[at]);
        await once(hosts[at]!.child, 'exit');
        await startHost(at);
      },
      async worker(at: number) {
        const all = childrenOf(agents[at]!);
        kill(all[random(all.length)]);
      },
      async gateway(at: number) {
        kill(childrenOf(programs[at]!.pid!)[0]);
      },
      async program(at: number) {
        const program = programs[at]!;
        killed.add(program.pid!);
        program.kill('SIGKILL');
        await once(program, 'exit');
        startProgram(at);
      },
      async server() {
        await redis.end('SIGKILL');
        await setTimeout(random(300));
        await redis.start();
      },
      async stop(at: number) {
        kill(agents[at], 'SIGSTOP');
        await setTimeout(2 * lease);
        kill(agents[at], 'SIGCONT');
      },
    };
    const names = ['host', 'worker', 'gateway', 'program', 'server', 'stop'] as const;
    for (let n = 0; n < kills; n++) {
      const name = names[isLong ? random(names.length) : n % names.length]!;
      counts[name] = (counts[name] ?? 0) + 1;
      await kinds[name](random(2));
      await setTimeout(random(400));
      if (n % 10 === 9) await goesOn();
    }
    await goesOn();
    for (const program of programs) {
      program.stdin!.end();
      await once(program, 'exit');
    }
    for (const { child } of hosts) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    const { submitted, ends, wrong } = readDiary(diary, starts, killed);
    console.log(`${JSON.stringify(counts)}, ${submitted} tasks: ${JSON.stringify(ends)}`);
    assert.deepEqual(wrong, []);
    await noKeys(redis);
  } finally {
    await stage.end();
    await redis.remove();
  }
});
