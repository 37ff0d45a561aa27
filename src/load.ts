import { createRequire } from 'node:module';

/** Loads CommonJS and what Node can require, as seen from this library. */
export const load: NodeJS.Require = createRequire(import.meta.url);
