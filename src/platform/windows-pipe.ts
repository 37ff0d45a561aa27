/** Where all named pipes of Windows are. */
const PIPES = '\\\\.\\pipe\\';
/** The longest name of a pipe. */
const LONGEST = 256;

/**
 * The named pipe that stands for the path of a unix socket: the same for all programs that mean the same path. A name of a pipe stands for itself.
 */
export function pipeName(path: string): string {
  if (/^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path)) return path;
  const full = process.getBuiltinModule('node:path').resolve(path).toLowerCase();
  const name = `${PIPES}multiproc ${full.replace(/[\\/:%]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;
  if (name.length <= LONGEST) return name;
  return `${PIPES}multiproc ${process.getBuiltinModule('node:crypto').createHash('sha256').update(full).digest('hex')}`;
}
