const found = new Set<string>();
let seen = 0;

/** Returns the names of the modules inside Node that have been loaded so far, `internal/…` for most; an empty set in Deno and Bun, which list none. */
export function loadedModules(): ReadonlySet<string> {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  for (; seen < moduleLoadList.length; seen++) {
    const [, name] = /^NativeModule (.*)$/.exec(moduleLoadList[seen] ?? '') ?? [];
    if (name !== undefined) found.add(name);
  }
  return found;
}
