/** `import()` of modules that only the sender of a message knows. Here and nowhere else: what is loaded lazily is CommonJS, where tools rewrite it. */

const namespaces = new Map<string, object>();

/**
 * Imports a module that a message refers to, before the message is read. Only a module with top-level await needs it: all others are
 * loaded when the message is read. `url` is one of the message's `modules`.
 */
export async function importModule(url: string): Promise<void> {
  if (namespaces.has(url)) return;
  namespaces.set(url, (await import(url)) as object);
}

/** The namespace of a module that `importModule` has imported. */
export function importedModule(url: string): object | undefined {
  return namespaces.get(url);
}

/** Node's own `import()`. */
export function importFrom(specifier: string, options: unknown): Promise<unknown> {
  return import(specifier, options as ImportCallOptions);
}
