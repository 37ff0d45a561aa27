import { withStackLimit } from './stack-of.ts';

/** The frames of the stack, innermost first, as the engine has them: whatever a program has made of `Error.prepareStackTrace`. */
export function callSites(): readonly NodeJS.CallSite[] {
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
