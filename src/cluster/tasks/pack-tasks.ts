import type { DeskTask } from './desk-task.ts';
import { type TaskEntry, type TasksHeader, writeLetter } from './letter.ts';

/** Returns the letter of a job with these tasks: a header, and their inputs one after the other. */
export function packTasks(tasks: readonly DeskTask[], ms: number, isInTurn: boolean): Uint8Array {
  const fns: [string, string][] = [];
  let bytes = 0;
  const entries = tasks.map(({ order, tried, submission }): TaskEntry => {
    let fn = fns.findIndex(([hash]) => hash === order.hash);
    if (fn === -1) fn = fns.push([order.hash, order.name]) - 1;
    bytes += order.input.length;
    return [order.id, fn, order.how, order.start, order.timeout, order.input.length, tried, submission, order.code];
  });
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const { order } of tasks) {
    body.set(order.input, at);
    at += order.input.length;
  }
  const header: TasksHeader = { fns, tasks: entries, ms, isInTurn };
  return writeLetter(header, body);
}
