import { platform } from './choose.ts';

/** What `platformInfo` says. */
export interface PlatformInfo {
  /** `linux`: processes and threads, by calls of the system. `portable`: threads of this program, by JavaScript alone. More are to come. */
  readonly platform: 'linux' | 'posix' | 'win32' | 'portable';
  /** True if processes can be started: without them the start method is 'thread'. */
  readonly processes: boolean;
  /** Why it is no better one, where there is one: what to install, or what the system forbids. */
  readonly why?: string | undefined;
}

/**
 * What multiproc runs on here. On Linux that is `linux`, unless its addon koffi is not installed or the system forbids what it needs; everywhere
 * else, and where the environment variable MULTIPROC_PLATFORM says so, it is `portable`. A `PlatformError` where that variable is `native` and cannot be followed.
 *
 * @example
 * ```ts
 * import { getStartMethod, platformInfo } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const { processes } = platformInfo();
 * assert.equal(getStartMethod(), processes ? 'spawn' : 'thread');
 * ```
 */
export function platformInfo(): PlatformInfo {
  const { name, processes, why } = platform();
  return { platform: name, processes: processes !== undefined, ...(why === undefined ? {} : { why }) };
}
