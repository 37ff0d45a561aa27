/** Hands to the parts what they import of modules that are loaded from the beginning. scripts/lazy-parts.mjs writes the body: the list. */
import './lazy.ts';
