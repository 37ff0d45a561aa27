import { pack } from '../channel/transport.ts';
import type { Connection } from '../connection/connection.ts';
import { pipe } from '../connection/pipe.ts';
import {
  ClosedError,
  EndOfStreamError,
  PoolBrokenError,
  SerializationError,
  ShutDown,
  TimeoutError,
} from '../contracts/errors.ts';
import type { PoolCall } from '../contracts/executor.ts';
import { family } from '../memory/family.ts';
import { discardEnvelope } from '../ring/envelope.ts';
import type { PoolAnswer } from './answer-calls.ts';
import { withPath } from './refusal-path.ts';
import type { TaskBoard } from './task-board.ts';

/** Asks the owner of a pool, from another process, to run a function: see README.md, "Wrapped functions". */
export async function callOwner(board: TaskBoard, call: PoolCall): Promise<unknown> {
  const [mine, theirs] = pipe();
  const ended = new AbortController();
  let unwatch: (() => void) | undefined;
  try {
    send(mine, call);
    unwatch = board.onOwnerEnd(() => ended.abort());
    if (unwatch === undefined) throw ownerEnded();
    request(board, theirs);
    // From now on only the owner has this end.
    theirs.close();
    const answer = await receive(mine, ended.signal);
    if ('error' in answer) throw answer.error;
    return answer.value;
  } finally {
    unwatch?.();
    theirs.close();
    mine.close();
  }
}

/** Sends without waiting: the pipe is empty. */
function send(mine: Connection, call: PoolCall): void {
  try {
    mine.sendSync(call);
  } catch (error) {
    throw error instanceof SerializationError ? withPath(error, error.path.replace(/^value\.?/, '')) : error;
  }
}

function request(board: TaskBoard, theirs: Connection): void {
  const envelope = pack(family(), theirs, '');
  try {
    board.request(envelope);
  } catch (error) {
    discardEnvelope(family(), envelope);
    throw error instanceof ShutDown ? poolClosed() : error;
  }
}

/** Returns the error of a wrapped function whose pool accepts no more tasks. */
export function poolClosed(): ClosedError {
  return new ClosedError('The Pool of this function is closed: it accepts no more tasks.');
}

async function receive(mine: Connection, ended: AbortSignal): Promise<PoolAnswer> {
  try {
    return await mine.recv({ signal: ended }).catch((error) => {
      if (!ended.aborted) throw error;
      // The owner may have replied just before it ended.
      return mine.recv({ timeout: 0 });
    });
  } catch (error) {
    throw error instanceof EndOfStreamError || error instanceof TimeoutError ? ownerEnded() : error;
  }
}

function ownerEnded(): PoolBrokenError {
  return new PoolBrokenError('The process that has the Pool of this function has ended before it sent a result.');
}
