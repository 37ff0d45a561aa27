let cache: NodeJS.Dict<NodeJS.Module> | undefined;

/** Returns the CommonJS modules that are loaded, by path. */
export function loadedCommonJs(): NodeJS.Dict<NodeJS.Module> {
  return (cache ??= require.cache);
}
