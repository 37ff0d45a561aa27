import { currentDirectory } from './current-directory.ts';

/** Options of node that say what to run, that hold for one process only, or whose effect a child inherits in another way. */
const OWN =
  /^(-[ceip]+|--(check|eval|interactive|print|run|input-type|entry-url|(build-)?snapshot(-blob|-config)?|env-file(-if-exists)?|(test|watch|inspect)(-.*)?))$/;
/** Options that name a module; a relative one is looked up from the directory in which node was started. */
const MODULE = /^(-r|--require|--import|--loader|--experimental-loader)$/;

/** Where node was started, as far as that is still known when the library is loaded. */
const startDirectory = currentDirectory();

/** The options of node that a child inherits: all of the parent's but those that would run the parent's program again. */
export function inheritedExecArgv(execArgv: readonly string[], from: string | undefined = startDirectory): string[] {
  const kept: string[] = [];
  for (const [option, ...values] of grouped(execArgv)) {
    const [, name = option, value] = /^(--[^=]+)=(.*)$/s.exec(option) ?? [];
    if (OWN.test(name)) continue;
    if (!MODULE.test(name)) kept.push(option, ...values);
    else if (value !== undefined) kept.push(`${name}=${absolute(value, from)}`);
    else kept.push(option, ...values.map((value) => absolute(value, from)));
  }
  return kept;
}

/** Each option with the values that follow it: node takes no value that looks like an option. */
function grouped(execArgv: readonly string[]): [string, ...string[]][] {
  const groups: [string, ...string[]][] = [];
  for (const word of execArgv) {
    const last = groups.at(-1);
    if (last === undefined || /^-./.test(word)) groups.push([word]);
    else last.push(word);
  }
  return groups;
}

function absolute(specifier: string, from: string | undefined): string {
  return /^\.\.?\//.test(specifier) && from !== undefined
    ? process.getBuiltinModule('node:path').resolve(from, specifier)
    : specifier;
}
