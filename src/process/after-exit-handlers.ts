/** Calls back at the end of this process, or thread, that it comes to by itself: behind the last `exit` handler, which may have set the code. */
export function afterExitHandlers(callback: (code: number) => void): void {
  const { emit } = process;
  process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]) {
    const had = Reflect.apply(emit, this, [event, ...args]) as boolean;
    if (event === 'exit') callback(Number(process.exitCode ?? args[0] ?? 0));
    return had;
  } as typeof process.emit;
}
