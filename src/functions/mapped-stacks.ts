/**
 * Whether stacks in this process show the places in the original source: Node was asked for source maps, or somebody else makes the text of
 * stacks, as test runners and `source-map-support` do.
 */
export function mapsStacks(): boolean {
  return isNodeAskedTo() || isStackTextReplaced();
}

/** Whether it is Node that does so. It finds the map of a text that is evaluated; others look into the file that the text is named for. */
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
