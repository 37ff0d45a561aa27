import { clock, fs } from '../engine/builtins.ts';
import { carrying } from './linux-orphans.ts';

/** Milliseconds that a process has to stand still: one that is in the middle of a long call of the system is not waited for. */
const STILL = 20;

/**
 * Stops a process, so that it starts nothing more, and ends all that it has started, however deep. What has begun a session of its own
 * (`detached`, a daemon) goes on. What nobody knows any more as started by it, since a shell for example has ended that did, is known by `mark`.
 */
export function stopAndKillChildren(pid: number, mark?: string): void {
  send(pid, 'SIGSTOP');
  awaitStill(pid);
  const session = statOf(pid)?.session;
  const hasStarted = mark !== undefined && hasStartedOthers(pid);
  killChildren(pid, session);
  if (hasStarted) killMarked(mark, session);
}

function killChildren(pid: number, session: string | undefined): void {
  const ended = new Set<number>();
  // Those that end by themselves meanwhile may hide others from one look.
  for (let before = -1; ended.size > before; ) {
    before = ended.size;
    for (const task of tasksOf(pid)) {
      for (const child of childrenOf(pid, task, session)) {
        if (!ended.has(child)) killTree(child);
        ended.add(child);
      }
    }
  }
}

/** Ends what carries a mark and has no session of its own. */
export function killOrphans(mark: string): void {
  if (hasStartedOthers(process.pid)) killMarked(mark, statOf(process.pid)?.session);
}

function killMarked(mark: string, session: string | undefined): void {
  const ended = new Set<number>();
  // One that is not stopped yet may start another meanwhile.
  for (let before = -1; ended.size > before; ) {
    before = ended.size;
    for (const pid of carrying(mark)) {
      if (ended.has(pid) || statOf(pid)?.session !== session) continue;
      killTree(pid);
      ended.add(pid);
    }
  }
}

/** False if a process has never started another one: it has no children, and none was waited for whose page faults the kernel would count. */
function hasStartedOthers(pid: number): boolean {
  if (tasksOf(pid).some((task) => read(`/proc/${pid}/task/${task}/children`) !== '')) return true;
  return fieldsOf(`/proc/${pid}/stat`)[8] !== '0';
}

/** What one thread of this process has started that has no session of its own, or all of its threads have. */
export function ownChildren(thread?: number): number[] {
  const { pid } = process;
  const session = statOf(pid)?.session;
  const tasks = thread === undefined ? tasksOf(pid) : [String(thread)];
  return tasks.flatMap((task) => childrenOf(pid, task, session));
}

/** Ends children of this process, each with all that it has started; not those that are gone. */
export function killOwnChildren(children: Iterable<number>): void {
  for (const child of children) if (statOf(child)?.parent === String(process.pid)) killTree(child);
}

/** What a process does with a signal: nothing, what its program says, or what the kernel does by default. */
export function dispositionOf(pid: number, signal: number): 'ignored' | 'handled' | 'default' {
  const status = read(`/proc/${pid}/status`);
  const has = (set: string) =>
    (BigInt(`0x${new RegExp(`^${set}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? 0}`) >> BigInt(signal - 1)) & 1n;
  return has('SigIgn') ? 'ignored' : has('SigCgt') ? 'handled' : 'default';
}

function killTree(pid: number): void {
  stopAndKillChildren(pid);
  send(pid, 'SIGKILL');
}

function childrenOf(pid: number, task: string, session: string | undefined): number[] {
  const isOwn = (child: number) => {
    const stat = statOf(child);
    // The number may be somebody else's by now.
    return stat?.parent === String(pid) && stat.session === session;
  };
  return read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number).filter(isOwn);
}

/** Until no thread of it runs any more. */
function awaitStill(pid: number): void {
  const end = clock() + STILL;
  for (const task of tasksOf(pid)) {
    while (/[RSD]/.test(stateOf(`/proc/${pid}/task/${task}/stat`)) && clock() < end);
  }
}

function statOf(pid: number): { parent: string; session: string } | undefined {
  const [, parent, , session] = fieldsOf(`/proc/${pid}/stat`);
  return parent === undefined || session === undefined ? undefined : { parent, session };
}

function stateOf(file: string): string {
  return fieldsOf(file)[0] ?? '';
}

/** Those behind the name, which stands in parentheses and may hold anything: state, parent, group, session and so on, up to the page faults of its children. */
function fieldsOf(file: string): string[] {
  const stat = read(file);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 9);
}

/** Nothing of a process that is gone, or at which the look fails: then it ends alone. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function tasksOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Not to one that has ended, or that has become another user: it goes on. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}
