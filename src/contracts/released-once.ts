/**
 * Returns a function that calls `release` once, and then returns what the first call returned. A guard that was disposed by hand is disposed
 * again at the end of its block, when the lock may be another owner's.
 */
export function releasedOnce<R>(release: () => R): () => R {
  let isReleased = false;
  let result: R | undefined;
  return () => {
    if (!isReleased) {
      isReleased = true;
      result = release();
    }
    return result as R;
  };
}
