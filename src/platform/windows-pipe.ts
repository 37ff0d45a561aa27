/** The folder of all named pipes of Windows. */
const PIPES = '\\\\.\\pipe\\';
/** The length of the longest name of a pipe. */
const LONGEST = 256;

/**
 * Returns the named pipe for the path of a unix socket: the same for all programs that use the same path. A name of a pipe is returned unchanged.
 */
export function pipeName(path: string): string {
  if (/^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path)) return path;
  const full = process.getBuiltinModule('node:path').resolve(path).toLowerCase();
  const name = `${PIPES}multiproc ${full.replace(/[\\/:%]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;
  if (name.length <= LONGEST) return name;
  return `${PIPES}multiproc ${process.getBuiltinModule('node:crypto').createHash('sha256').update(full).digest('hex')}`;
}
