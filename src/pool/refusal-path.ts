import { SerializationError } from '../errors.ts';

/** The same refusal with another path, in its message too: one that begins at what the user gave. */
export function withPath(error: SerializationError, path: string): SerializationError {
  return new SerializationError(
    error.message.replace(error.path, () => path),
    path,
    { cause: error.cause },
  );
}
