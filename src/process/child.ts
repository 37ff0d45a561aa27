/**
 * The entry of every child process and thread: joins the family, waits for its assignment, runs it. Arguments of a process: its member
 * number, and the id of the parent that it must not outlive, or `detached`. A thread has a `ThreadBootstrap`.
 */
import '../doors/wiring/child.ts';
import { inspect, setImmediate } from '../engine/builtins.ts';
import { importModule } from '../functions/import-module.ts';
import { endPreloading, watchLoading } from '../loading/loaded-for-functions.ts';
import { type Family, joinFamily } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { inheritPlatform, processes } from '../platform/choose.ts';
import { type Assignment, type Brief, readBrief, readWork, takeAssignment } from './assignment.ts';
import { endDescendantsToo, markDescendants } from './descendants.ts';
import { endWhenIdle, exitQuickly } from './exit-quickly.ts';
import { claimIndex } from './own-index.ts';
import { writeAtOnce } from './own-output.ts';
import { setParent } from './parent-process.ts';
import type { Process } from './process.ts';
import { setStartMethod } from './start-method.ts';
import type { ThreadBootstrap } from './thread-bootstrap.ts';
import { enterThread, threadBirth } from './thread-entry.ts';
import { onUserChange } from './user-change.ts';

/** The name of the feature that needs processes, for errors. */
const CHILD = 'A child process';
/** The numbers of the inherited descriptors. */
const inherited = { heap: 3, lifeline: 4, doorbell: 5, parking: 6, parentBell: 7 };

endPreloading();
const birth = threadBirth();
const isDetached = birth === undefined && process.argv[3] === 'detached';
const mine = birth === undefined ? joinAsProcess() : joinAsThread(birth);

/** The beginning of the message for an uncaught error. */
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
  // A module that cannot be imported is reported where it is used.
  for (const url of brief.modules) await importModule(url).catch(() => {});
  const work = readWork(mine, assignment) as Process;
  if (brief.isWarmUp) {
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
    // Another handler may have found more work.
    setImmediate(() => {
      idle = false;
    }).unref();
  };
  process.on('beforeExit', onIdle);
  const isQuick = birth === undefined && exitQuickly(processes(CHILD));
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
  if (isQuick) endWhenIdle(processes(CHILD));
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

function joinAsThread(birth: ThreadBootstrap): Family {
  const inheritance = enterThread(birth);
  // The thread was ended before it began: Node is about to stop it.
  if (inheritance === undefined) process.exit(1);
  return joinFamily(inheritance);
}

/** Makes this process end with the thread that started it, even in a busy loop; at once if that thread has ended already. */
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
  const given = takeAssignment(family);
  // No wait is needed for an assignment that is there already.
  if (given !== undefined) return given;
  if (birth === undefined) {
    // A spare process waits anyway, so it loads everything meanwhile.
    require('../functions/function-reading.ts');
    require('../functions/function-writing.ts');
    require('../pool/worker.ts');
  }
  const parent = members.get(family.me, field.parent);
  return await new Promise((resolve) => {
    const pending = {
      check() {
        // Read before the assignment: what a dead parent has given is there by then.
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
    // The kernel ends other children with their parent.
    if (isDetached) lifelines.watch(parent, pending.check);
    pending.check();
  });
}

/** An error that the target throws is an uncaught error like any other, whatever the options of node say about promises. */
function fail(error: unknown): void {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('uncaughtExceptionMonitor', error, 'uncaughtException');
  if (!emitter.emit('uncaughtException', error, 'uncaughtException')) report(error);
}

/**
 * Ends the process with an error that has no other handler: prints the name of the process and the error. Node would do so too, with an
 * excerpt of the source line; but the lines of a function that was sent are not those of its file.
 */
function report(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return;
  process.stderr.write(`${title} (pid ${process.pid}) ended by an uncaught error:\n${inspect(error)}\n`);
  process.exit(1);
}
