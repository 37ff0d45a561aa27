import { LARGEST_WITHIN } from './blobs.ts';
import type { DeskTask, TaskOrder } from './desk-task.ts';
import { concat } from './joined-bytes.ts';
import { type TaskEntry, type TasksHeader, writeLetter } from './letter.ts';

/** Returns the letter of a job with these tasks: a header, and the inputs that are no blobs, one after the other. */
export function packTasks(tasks: readonly DeskTask[], ms: number, isInTurn: boolean): Uint8Array {
  const fns: [string, string][] = [];
  const inputs: Uint8Array[] = [];
  const entries = tasks.map(({ order, tried, submission }): TaskEntry => {
    let fn = fns.findIndex(([hash]) => hash === order.hash);
    if (fn === -1) fn = fns.push([order.hash, order.name]) - 1;
    const blob = blobOf(order);
    const { id, how, start, timeout, input, code } = order;
    if (blob === '') inputs.push(input);
    return [id, fn, how, start, timeout, input.length, tried, submission, code, blob];
  });
  const header: TasksHeader = { fns, tasks: entries, ms, isInTurn };
  return writeLetter(header, concat(inputs));
}

/** Returns the id of the blob with the input of a task; an empty text if the input stands in the letter. */
export function blobOf({ id, input }: TaskOrder): string {
  return input.length > LARGEST_WITHIN ? `i${id}` : '';
}
