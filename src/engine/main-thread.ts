/**
 * True in the main thread of a process. Not asked of `node:worker_threads`, which loads all streams, 2 ms in each process: Node has marked
 * what a thread may not call, and other engines load their modules as they are needed.
 */
export const isMainThread: boolean = isNode()
  ? !isMarked(process.abort) && !isMarked(process.chdir)
  : isMainThreadThere();

function isNode(): boolean {
  return process.versions.bun === undefined && process.versions.deno === undefined;
}

function isMarked(method: object): boolean {
  return (method as { disabled?: boolean }).disabled === true;
}

function isMainThreadThere(): boolean {
  return process.getBuiltinModule('node:worker_threads').isMainThread;
}
