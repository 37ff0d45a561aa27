import { loadLibc } from './koffi.ts';

let isAlive: (() => boolean) | undefined;

/**
 * Returns false if nothing keeps the event loop of the main thread alive any more: no handle, no request, no compilation of WebAssembly.
 * Returns true where Node's binary does not show its functions to addons.
 */
export function isLoopAlive(): boolean {
  isAlive ??= look();
  return isAlive();
}

/** Returns what asks libuv and V8, whose C++ names are the same on x64 and arm64. */
function look(): () => boolean {
  const { libc } = loadLibc();
  try {
    const loopAlive = libc.func('int uv_loop_alive(void* loop)');
    const hasBackgroundTasks = libc.func('bool _ZN2v87Isolate25HasPendingBackgroundTasksEv(void* isolate)');
    const loop = libc.func('void* uv_default_loop()')();
    const isolate = libc.func('void* _ZN2v87Isolate10GetCurrentEv()')();
    return () => loopAlive(loop) !== 0 || hasBackgroundTasks(isolate) === true;
  } catch {
    return () => true;
  }
}
