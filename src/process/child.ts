/**
 * The entry of every child process: joins the family, waits for its assignment, runs it. Arguments: this member's name in the
 * table, and the id of the parent that it must not outlive, or `detached`.
 */
import '../install.ts';
import { inspect } from 'node:util';
import { type Family, joinFamily } from '../memory/family.ts';
import { readBrief, readWork, takeAssignment } from './assignment.ts';
import { inherited } from './child-process.ts';
import { exitQuickly } from './exit-quickly.ts';
import { setParent } from './parent-process.ts';
import { currentProcess, type Process } from './process.ts';

const [, , member, parent] = process.argv;
const mine = joinFamily({ member: Number(member), ...inherited });
if (parent !== 'detached' && !mine.platform.dieWithParent(Number(parent))) mine.platform.exitNow(0);
run().catch(fail);

async function run(): Promise<void> {
  const assignment = await awaitAssignment(mine);
  const brief = readBrief(mine, assignment);
  process.argv = [...brief.argv];
  setParent(brief.parentName);
  // One that cannot be imported is reported where it is used.
  for (const url of brief.modules) await import(url).catch(() => {});
  const work = readWork(mine, assignment) as Process;
  if (brief.isRehearsal) {
    await work.run();
    return run();
  }
  let settled = false;
  let idle = false;
  process.on('beforeExit', () => {
    idle = true;
  });
  process.once('exit', () => {
    if (settled || !idle) return;
    process.stderr.write(`${work.name} ended early: its target awaits a promise that nothing was left to settle.\n`);
    process.exitCode = 1;
  });
  await work.run();
  settled = true;
  exitQuickly(mine.platform);
}

function awaitAssignment(family: Family): Promise<number> {
  return new Promise((resolve) => {
    const pending = {
      check() {
        const block = takeAssignment(family);
        if (block === 0) return;
        family.parker.remove(pending);
        resolve(block);
      },
    };
    family.parker.add(pending);
    pending.check();
  });
}

/** What the target threw: its stack on standard error, and the exit code of an uncaught error. */
function fail(error: unknown): void {
  process.stderr.write(
    `${currentProcess().name} (pid ${process.pid}) ended by an uncaught error:\n${inspect(error)}\n`,
  );
  process.exit(1);
}
