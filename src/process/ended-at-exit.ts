/** Those that are ended by `end` when this process, or thread, comes to its end by itself; what is returned answers the set of them. */
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
