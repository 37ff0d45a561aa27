/**
 * The entry of every child process and thread: joins the family, waits for its assignment, runs it. Arguments of a process: this
 * member's name in the table, and the id of the parent that it must not outlive, or `detached`; a thread has a `ThreadBirth`.
 */
import '../install-when-met.ts';
import { inspect, setImmediate } from '../builtins.ts';
import { importModule } from '../functions/import-module.ts';
import { watchLoading } from '../loaded-for-functions.ts';
import { type Family, joinFamily } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { inheritPlatform, processes } from '../platform/choose.ts';
import { type Assignment, type Brief, readBrief, readWork, takeAssignment } from './assignment.ts';
import { inherited } from './child-process.ts';
import { endDescendantsToo, markDescendants } from './descendants.ts';
import { exitQuickly } from './exit-quickly.ts';
import { claimIndex } from './own-index.ts';
import { writeAtOnce } from './own-output.ts';
import { setParent } from './parent-process.ts';
import type { Process } from './process.ts';
import { setStartMethod } from './start-method.ts';
import type { ThreadBirth } from './thread-birth.ts';
import { enterThread, threadBirth } from './thread-entry.ts';
import { onUserChange } from './user-change.ts';

/** What needs processes, in the words of an error. */
const CHILD = 'A child process';

const birth = threadBirth();
const isDetached = birth === undefined && process.argv[3] === 'detached';
const mine = birth === undefined ? joinAsProcess() : joinAsThread(birth);

/** What there is to say of an error that nobody handles. */
let title = 'A process';

run().catch(fail);

async function run(): Promise<void> {
  const assignment = await awaitAssignment(mine);
  const brief = readBrief(mine, assignment);
  process.argv = [...brief.argv];
  setParent(brief.parent.pid, brief.parent.name);
  setStartMethod(brief.startMethod);
  if (brief.mapsStacks) process.setSourceMapsEnabled(true);
  title = brief.name;
  claimIndex(brief.index);
  if (brief.takesDescendantsAlong) {
    markDescendants(mine);
    if (birth === undefined) endDescendantsToo(mine);
  }
  // One that cannot be imported is reported where it is used.
  for (const url of brief.modules) await importModule(url).catch(() => {});
  const work = readWork(mine, assignment) as Process;
  if (brief.isRehearsal) {
    await work.run();
    return run();
  }
  await perform(work, brief);
}

async function perform(work: Process, { name }: Brief): Promise<void> {
  process.on('uncaughtException', report);
  watchLoading();
  let settled = false;
  let idle = false;
  const onIdle = () => {
    idle = true;
    // Somebody else's handler may have found more to do.
    setImmediate(() => {
      idle = false;
    }).unref();
  };
  process.on('beforeExit', onIdle);
  process.once('exit', () => {
    if (settled || !idle) return;
    process.stderr.write(`${name} ended early: its target awaits a promise that nothing was left to settle.\n`);
    process.exitCode = 1;
  });
  try {
    await work.run();
  } finally {
    settled = true;
    process.off('beforeExit', onIdle);
  }
  if (birth === undefined) exitQuickly(processes(CHILD));
}

function joinAsProcess(): Family {
  inheritPlatform('native');
  processes(CHILD).openToFamily();
  writeAtOnce();
  const [, , member, parent] = process.argv;
  const family = joinFamily({ member: Number(member), memory: { file: inherited.heap }, ends: inherited });
  if (!isDetached) followParent(family, Number(parent));
  return family;
}

function joinAsThread(birth: ThreadBirth): Family {
  const inheritance = enterThread(birth);
  // Ended before it had begun: Node is about to stop it.
  if (inheritance === undefined) process.exit(1);
  return joinFamily(inheritance);
}

/** Ends with the thread that started this process, even in a busy loop; at once if that has ended already. */
function followParent({ members, me }: Family, pid: number): void {
  const follow = () => {
    const { dieWithParent, exitNow } = processes(CHILD);
    if (!dieWithParent(pid) || members.isGone(members.get(me, field.parent))) exitNow(0);
  };
  follow();
  onUserChange(follow);
}

async function awaitAssignment(family: Family): Promise<Assignment> {
  const { lifelines, members, parker } = family;
  if (birth === undefined) {
    const given = takeAssignment(family);
    // Nothing listens for what is there already. A thread listens all the same: its doorbell is closed with what listens to it.
    if (given !== undefined) return given;
    // A spare process waits: it may as well wait with everything.
    require('../functions/function-wire.ts');
    require('../pool/machinery.ts');
  }
  const parent = members.get(family.me, field.parent);
  return await new Promise((resolve) => {
    const pending = {
      check() {
        // Looked at first: what a dead parent has given is there by then.
        const isLeft = isDetached && members.isGone(parent);
        const assignment = takeAssignment(family);
        if (assignment === undefined) {
          if (isLeft) processes(CHILD).exitNow(0);
          return;
        }
        parker.remove(pending);
        lifelines.unwatch(parent, pending.check);
        resolve(assignment);
      },
    };
    parker.add(pending);
    // The kernel ends the others with their parent.
    if (isDetached) lifelines.watch(parent, pending.check);
    pending.check();
  });
}

/** What the target threw is an uncaught error like any other, whatever the options of node say of promises. */
function fail(error: unknown): void {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('uncaughtExceptionMonitor', error, 'uncaughtException');
  if (!emitter.emit('uncaughtException', error, 'uncaughtException')) report(error);
}

/**
 * Ends the process with an error that nobody else handles: says whose it is and shows it. Node would do so too, with an excerpt
 * of the line; but the lines of a function that has travelled are not those of its file.
 */
function report(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return;
  process.stderr.write(`${title} (pid ${process.pid}) ended by an uncaught error:\n${inspect(error)}\n`);
  process.exit(1);
}
