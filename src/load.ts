import { createRequire } from 'node:module';

/** Loads CommonJS and what Node can require, as seen from this library; from the working directory in a bundle that does not know its file. */
export const load: NodeJS.Require = createRequire(import.meta.url ?? `${process.cwd()}/`);
