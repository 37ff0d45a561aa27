import { currentDirectory } from './current-directory.ts';

/** Options of node that say what to run, that hold for one process only, or that a child inherits in another way. */
const OWN =
  /^(-[ceip]+|--(check|eval|interactive|print|run|input-type|entry-url|(build-)?snapshot(-blob|-config)?|env-file(-if-exists)?|(test|watch)(-.*)?|inspect-(port|publish-uid)|debug-port))$/;
/** Options that open a debugger's port. */
const INSPECT = /^--inspect(-brk|-wait)?$/;
/** Options that name a module. A relative name is resolved from the directory in which node was started. */
const MODULE = /^(-r|--require|--import|--loader|--experimental-loader)$/;

/** The directory in which node was started, as far as it is known when the library is loaded. */
const startDirectory = currentDirectory();

/**
 * Returns the options of node that a child inherits: the parent's options, except those that would run the parent's program again. A
 * debugger gets a port of its own, which the system chooses; a child does not wait for a debugger.
 */
export function inheritedExecArgv(execArgv: readonly string[], from: string | undefined = startDirectory): string[] {
  const kept: string[] = [];
  for (const [option, ...values] of grouped(execArgv)) {
    const [, name = option, value] = /^(--[^=]+)=(.*)$/s.exec(option) ?? [];
    if (OWN.test(name)) continue;
    if (INSPECT.test(name)) {
      kept.push(`--inspect=${value?.includes(':') ? value.replace(/:\d+$/, ':0') : '0'}`);
      continue;
    }
    if (!MODULE.test(name)) kept.push(option, ...values);
    else if (value !== undefined) kept.push(`${name}=${absolute(value, from)}`);
    else kept.push(option, ...values.map((value) => absolute(value, from)));
  }
  return kept;
}

/**
 * Returns the environment that a child inherits. Relative modules in `NODE_OPTIONS` are resolved from the directory in which node was
 * started, and a debugger gets a port of its own.
 */
export function inheritedEnv(env: NodeJS.ProcessEnv, from: string | undefined = startDirectory): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options } = env;
  if (options === undefined || !/\.\/|inspect/.test(options)) return { ...env };
  const words = options.replace(
    /(^|\s)(-r|--require|--import|--loader|--experimental-loader)([=\s]\s*)("?)(\.\.?\/[^\s"]*)/g,
    (_, space, option, sign, quote, path) => `${space}${option}${sign}${quote}${absolute(path, from)}`,
  );
  const inspected = words.replace(
    /(^|\s)--inspect(-brk|-wait)?(=(\S+:)?\d+)?(?=\s|$)/g,
    (_, space, _how, _port, host = '') => `${space}--inspect=${host}0`,
  );
  return { ...env, NODE_OPTIONS: inspected };
}

/** Groups each option with the values that follow it: node takes no value that looks like an option. */
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
