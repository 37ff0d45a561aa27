import type { Letter } from '../channel/mailbox.ts';
import { unpack } from '../channel/transport.ts';
import type { Connection } from '../connection/connection.ts';
import { SerializationError } from '../contracts/errors.ts';
import type { PoolCall } from '../contracts/executor.ts';
import type { Family } from '../memory/family.ts';
import type { Envelope } from '../ring/envelope.ts';
import { withPath } from './refusal-path.ts';
import type { TaskBoard } from './task-board.ts';

export type PoolAnswer = { readonly value: unknown } | { readonly error: unknown };

/** Calls `run` for the requests of other processes, until the pool closes. Resolves when all of them have their answers. */
export async function takeCalls(
  family: Family,
  board: TaskBoard,
  run: (call: PoolCall) => Promise<unknown>,
): Promise<void> {
  const underway = new Set<Promise<void>>();
  for (;;) {
    const caller = await board.whenRequested((letter, start) => open(family, letter, start));
    if (caller === undefined) break;
    if (caller === null) continue;
    const answered = answerCall(caller, run).finally(() => underway.delete(answered));
    underway.add(answered);
  }
  await Promise.all(underway);
}

/**
 * Opens the connection of a request from another process. Returns null if this process cannot hold the connection: the caller then
 * finds it gone.
 */
function open(family: Family, letter: Letter, start: number): Connection | null {
  try {
    return unpack(family, letter as Envelope, start) as Connection;
  } catch (error) {
    process.emitWarning(`A Pool received a request that cannot be read: ${error}`);
    return null;
  }
}

/** Runs the request that another process has sent over this connection, sends the result, and closes the connection; never throws. */
async function answerCall(caller: Connection, run: (call: PoolCall) => Promise<unknown>): Promise<void> {
  let answer: PoolAnswer;
  try {
    answer = { value: await run(await caller.recv()) };
  } catch (error) {
    answer = { error };
  }
  try {
    send(caller, answer);
  } finally {
    caller.close();
  }
}

/** Sends without waiting: the pipe is empty. */
function send(caller: Connection, answer: PoolAnswer): void {
  try {
    caller.sendSync(answer);
  } catch (refusal) {
    try {
      caller.sendSync({ error: refusal instanceof SerializationError ? inCallersWords(refusal) : refusal });
    } catch {
      // The caller is gone, or learns the outcome from the end of this connection.
    }
  }
}

function inCallersWords(refusal: SerializationError): SerializationError {
  return withPath(refusal, refusal.path.replace(/^value\.value/, 'result').replace(/^value\./, ''));
}
