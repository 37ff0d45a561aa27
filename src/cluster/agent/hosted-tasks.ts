import { ClusterError } from '../../contracts/errors.ts';
import type { Seal } from '../seal.ts';
import type { TaskOrder } from '../tasks/desk-task.ts';
import { readLetter, type TasksHeader } from '../tasks/letter.ts';

/** A task of a job as a host has read it. */
export interface ReadTask extends Pick<TaskOrder, 'id' | 'hash' | 'name' | 'how' | 'start' | 'timeout' | 'code'> {
  /** The packed arguments or items, a part of the memory of the job. */
  readonly input: Uint8Array;
  /** The id of the blob with the input; empty if `input` has it. */
  readonly blob: string;
  /** Bytes of the input. */
  readonly size: number;
  readonly tried: number;
  readonly submission: number;
}

/** A task of a job, or the reason why it cannot be read. */
export type HostedTask = ReadTask | { readonly error: unknown };

/** The tasks of a job as a host reads them. If the job cannot be read, each task has the error. */
export interface HostedTasks {
  readonly ms: number;
  readonly isInTurn: boolean;
  at(index: number): HostedTask;
}

/** Opens the letter of a job of `count` tasks. */
export function openTasks(seal: Seal, sealed: Buffer, place: string, count: number): HostedTasks {
  try {
    const { header, body } = readLetter<TasksHeader>(seal.open(sealed, place));
    const { fns, tasks, ms, isInTurn } = header;
    if (tasks.length !== count)
      throw new ClusterError('A job of the cluster has another number of tasks than it says.', 'ERR_PROTOCOL');
    let at = 0;
    const all = tasks.map(([id, fn, how, start, timeout, size, tried, submission, code, blob]): HostedTask => {
      const [hash, name] = fns[fn]!;
      const input = body.subarray(at, (at += blob === '' ? size : 0));
      return { id, hash, name, how, start, timeout, tried, submission, code, blob, size, input };
    });
    return { ms, isInTurn, at: (index) => all[index]! };
  } catch (error) {
    return { ms: 0, isInTurn: true, at: () => ({ error }) };
  }
}
