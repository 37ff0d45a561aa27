import { currentDirectory } from './current-directory.ts';

/** The directory in which node was started, as far as it is known when the library is loaded. */
export const startDirectory: string | undefined = currentDirectory();
