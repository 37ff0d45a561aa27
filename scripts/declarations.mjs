/**
 * What TypeScript has written of one file's declarations, so that every TypeScript since 5.4 understands it:
 *
 * - Before 5.7 it knows no other names of files than those of what is run.
 * - Before 5.7 typed arrays have no type parameter. `ReturnType<Uint8ArrayConstructor['of']>` is `Uint8Array<ArrayBuffer>` where there is
 *   one, and `Uint8Array` where not. Those of shared memory are inner matters, for which `Int32Array` will do.
 */
export function declarations(text) {
  return text
    .replace(/((?:from|import) '\.{1,2}\/[^']*|import\("\.{1,2}\/[^"]*)\.ts(?=['"])/g, '$1.js')
    .replace(/\b(\w+Array)<ArrayBuffer>/g, "ReturnType<$1Constructor['of']>")
    .replace(/\b(\w+Array)<(SharedArrayBuffer|ArrayBufferLike)>/g, '$1');
}
