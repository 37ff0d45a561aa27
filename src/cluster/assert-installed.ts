import { ProcessError } from '../contracts/errors.ts';

/** Throws a `ProcessError` that begins with `text` unless these packages are installed. */
export function assertInstalled(text: string, packages: readonly string[]): void {
  try {
    for (const name of packages) require.resolve(name);
  } catch (cause) {
    throw new ProcessError(`${text}: npm install ${packages.join(' ')}`, { cause });
  }
}
