import { clock, fs } from '../engine/builtins.ts';
import { kernelText } from './kernel-text.ts';
import { carrying } from './linux-orphans.ts';

/** The time in milliseconds that a process has to stop. A process in the middle of a long system call is not waited for longer. */
const STILL = 20;

/**
 * Stops a process, so that it starts nothing more, and ends all of its descendants. A descendant with a session of its own
 * (`detached`, a daemon) goes on. Descendants whose parents have ended, such as those of a shell, are found by `mark`.
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
  // A process that ends during one look may hide others from it.
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

/** Ends the processes that have the mark and no session of their own. */
export function killOrphans(mark: string): void {
  if (hasStartedOthers(process.pid)) killMarked(mark, statOf(process.pid)?.session);
}

function killMarked(mark: string, session: string | undefined): void {
  const ended = new Set<number>();
  // A process that is not stopped yet may start another one meanwhile.
  for (let before = -1; ended.size > before; ) {
    before = ended.size;
    for (const pid of carrying(mark)) {
      if (ended.has(pid) || statOf(pid)?.session !== session) continue;
      killTree(pid);
      ended.add(pid);
    }
  }
}

/** Returns false if a process has never started another one: it has no children, and the kernel counts no page faults of children that it has waited for. */
function hasStartedOthers(pid: number): boolean {
  if (tasksOf(pid).some((task) => kernelText(`/proc/${pid}/task/${task}/children`) !== '')) return true;
  return fieldsOf(`/proc/${pid}/stat`)[8] !== '0';
}

/** Returns the children without a session of their own that one thread of this process has started, or all of its threads. */
export function ownChildren(thread?: number): number[] {
  const { pid } = process;
  const session = statOf(pid)?.session;
  const tasks = thread === undefined ? tasksOf(pid) : [String(thread)];
  return tasks.flatMap((task) => childrenOf(pid, task, session));
}

/** Ends children of this process with their descendants; skips children that are gone. */
export function killOwnChildren(children: Iterable<number>): void {
  for (const child of children) if (statOf(child)?.parent === String(process.pid)) killTree(child);
}

/** Returns what a process does with a signal: ignore it, handle it, or leave it to the kernel. */
export function dispositionOf(pid: number, signal: number): 'ignored' | 'handled' | 'default' {
  const status = kernelText(`/proc/${pid}/status`);
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
    // The number may belong to another process by now.
    return stat?.parent === String(pid) && stat.session === session;
  };
  return kernelText(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number).filter(isOwn);
}

/** Waits until no thread of the process runs any more. */
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

/** Returns the fields after the name, which is in parentheses and may contain anything: state, parent, group, session and so on, up to the page faults of its children. */
function fieldsOf(file: string): string[] {
  const stat = kernelText(file);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 9);
}

function tasksOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Sends a signal; does nothing if the process has ended or belongs to another user by now. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}
