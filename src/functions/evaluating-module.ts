/** Whether a module is still running for the first time: a receiver that imported it would come to the same call, and send again. */
import type { AnyNode } from 'acorn';
import { withStackLimit } from '../stack-of.ts';
import { offsetOf, type Script } from './script.ts';

/** Looks for the module's top-level code on the stack; async frames, as of a top-level `await`, included. */
export function isEvaluating(script: Script): boolean {
  return callSites().some((site) => {
    if (site.getFileName() !== script.url) return false;
    const line = site.getLineNumber();
    const column = site.getColumnNumber();
    if (line === null || column === null) return false;
    const offset = offsetOf(script, line - 1, column - 1);
    return ![...script.scopes.functions.keys()].some((node: AnyNode) => node.start <= offset && offset < node.end);
  });
}

function callSites(): readonly NodeJS.CallSite[] {
  const { prepareStackTrace } = Error;
  let found: readonly NodeJS.CallSite[] = [];
  Reflect.set(Error, 'prepareStackTrace', (_: Error, sites: readonly NodeJS.CallSite[]) => {
    found = sites;
  });
  try {
    // Asking for it is what has the engine call.
    withStackLimit(200, () => new Error().stack);
    return found;
  } finally {
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}
