/**
 * Finds out whether stacks in this process show the places in the original source: Node was asked for source maps, or another program formats
 * stacks, as test runners and `source-map-support` do.
 */
export function mapsStacks(): boolean {
  return isNodeAskedTo() || isStackTextReplaced();
}

/** Returns true if Node does so. Node finds the map of evaluated text; other formatters look into the file with its name. */
export function nodeMapsStacks(): boolean {
  return isNodeAskedTo() && !isStackTextReplaced();
}

function isNodeAskedTo(): boolean {
  return (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true;
}

function isStackTextReplaced(): boolean {
  const { prepareStackTrace } = Error;
  // Node's own.
  return typeof prepareStackTrace === 'function' && prepareStackTrace.name !== 'ErrorPrepareStackTrace';
}
