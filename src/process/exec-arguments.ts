/** Options of node that say what to run, or are for one process only; those with a value of their own take it along. */
const ALONE =
  /^(-[ceip]+|--(check|eval|interactive|print|test|watch|build-snapshot|run)(=.*)?|--(test|watch|inspect)-?.*)$/;
const WITH_VALUE = new Set(['-e', '-p', '-pe', '-ep', '--eval', '--print', '--watch-path', '--run', '--inspect-port']);
/** `--input-type` is for code given as text, which a child is never given. */
const TEXT_ONLY = /^--input-type(=.*)?$/;

/** The options of node that a child inherits: all of the parent's but those that would run the parent's program again. */
export function inheritedExecArgv(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const option = execArgv[i]!;
    if (WITH_VALUE.has(option) || option === '--input-type') i++;
    else if (!ALONE.test(option) && !TEXT_ONLY.test(option)) kept.push(option);
  }
  return kept;
}
