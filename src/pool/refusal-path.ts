import { SerializationError } from '../contracts/errors.ts';

/** Returns the same error with another path, in its message too: a path that begins at the user's own value. */
export function withPath(error: SerializationError, path: string): SerializationError {
  return new SerializationError(
    error.message.replace(error.path, () => path),
    path,
    { cause: error.cause },
  );
}
