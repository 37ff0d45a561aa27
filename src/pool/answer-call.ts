import type { Connection } from '../connection/connection.ts';
import { SerializationError } from '../contracts/errors.ts';
import type { PoolCall } from '../contracts/executor.ts';
import { withPath } from './refusal-path.ts';

export type PoolAnswer = { readonly value: unknown } | { readonly error: unknown };

/** Runs the request that another process has sent over this connection, sends the result, and closes the connection; never throws. */
export async function answerCall(caller: Connection, run: (call: PoolCall) => Promise<unknown>): Promise<void> {
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
