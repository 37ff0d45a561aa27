import { prelude } from './prelude.ts';

/** Deletes an object of any type, which the beginning of every script knows. */
export const DELETE = `${prelude()}
return {0}
`;
