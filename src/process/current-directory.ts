/** Returns the working directory, `undefined` if it has been removed. */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The directory in which node was started, as far as it is known when the library is loaded. */
export const startDirectory: string | undefined = currentDirectory();
