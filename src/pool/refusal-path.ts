import { SerializationError } from '../contracts/errors.ts';
import { type Task, way } from '../contracts/executor.ts';

/** Returns the same error with another path, in its message too: a path that begins at the user's own value. */
export function withPath(error: SerializationError, path: string): SerializationError {
  return new SerializationError(
    error.message.replace(error.path, () => path),
    path,
    { cause: error.cause },
  );
}

/** Returns the error of a task that could not be packed. If the culprit is in its input, which the packing called `inner`, the path begins at the user's own value. */
export function inUsersWords(error: unknown, inner: string, { how, start }: Pick<Task, 'how' | 'start'>): unknown {
  if (!(error instanceof SerializationError && error.path.startsWith(inner))) return error;
  let rest = error.path.slice(inner.length);
  if (how !== way.CALL) rest = rest.replace(/^\[(\d+)\]/, (_, index: string) => `[${Number(index) + start}]`);
  return withPath(error, `${how === way.CALL ? 'args' : 'items'}${rest}`);
}
