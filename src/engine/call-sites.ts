import { withStackLimit } from './stack-of.ts';

/** Returns the frames of the stack, innermost first, as the engine has them, even if a program has replaced `Error.prepareStackTrace`. */
export function callSites(): readonly NodeJS.CallSite[] {
  const { prepareStackTrace } = Error;
  let found: readonly NodeJS.CallSite[] = [];
  Reflect.set(Error, 'prepareStackTrace', (_: Error, sites: readonly NodeJS.CallSite[]) => {
    found = sites;
  });
  try {
    // Reading the stack makes the engine call the function.
    withStackLimit(200, () => new Error().stack);
    return found;
  } finally {
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}
