/** Makes this program read the cluster's key from a file, whatever the environment says. Does nothing without a file. */
export function useKeyFile(file: string | undefined): void {
  if (file === undefined) return;
  delete process.env.MULTIPROC_KEY;
  process.env.MULTIPROC_KEY_FILE = file;
}
