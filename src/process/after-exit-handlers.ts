/** Calls back when this process or thread ends by itself, after the last `exit` handler, which may have set the exit code. */
export function afterExitHandlers(callback: (code: number) => void): void {
  const { emit } = process;
  process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]) {
    const had = Reflect.apply(emit, this, [event, ...args]) as boolean;
    if (event === 'exit') callback(Number(process.exitCode ?? args[0] ?? 0));
    return had;
  } as typeof process.emit;
}
