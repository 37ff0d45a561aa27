/** Returns the options of node with which this process runs, of its command line and of `NODE_OPTIONS`. */
function options(): string {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
}

/** Returns the modules that options of node load in each process of the program, as a text; empty if there are none. */
export function preloadedModules(): string {
  const modules = options().matchAll(/(?:^|\s)(?:-r|--require|--import)(?:=|\s+)"?([^\s"]+)/g);
  return [...modules].map(([, module]) => module).join(' or ');
}

/** Returns true if options of node load modules first, which may compile what Node itself does not run. */
export function mayCompile(): boolean {
  return /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/.test(options());
}
