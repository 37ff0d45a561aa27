/**
 * Whether stacks in this process show the places in the original source: Node was asked for source maps, or somebody else makes the text of
 * stacks, as test runners and `source-map-support` do.
 */
export function mapsStacks(): boolean {
  if ((process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true) return true;
  const { prepareStackTrace } = Error;
  // Node's own.
  return typeof prepareStackTrace === 'function' && prepareStackTrace.name !== 'ErrorPrepareStackTrace';
}
