/** Calls `end` for each runner of a set when this process or thread ends by itself. Returns a function that returns the set. */
export function endedAtExit<Runner>(end: (runner: Runner) => void): () => Set<Runner> {
  let all: Set<Runner> | undefined;
  return () => {
    if (all !== undefined) return all;
    const started = new Set<Runner>();
    process.once('exit', () => started.forEach(end));
    all = started;
    return started;
  };
}
