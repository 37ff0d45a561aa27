/** Returns whether a module is still running for the first time: a receiver that imported it would reach the same call, and send again. */
import type { AnyNode } from 'acorn';
import { callSites } from '../engine/call-sites.ts';
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
