import { platform } from './choose.ts';

/** The result of `platformInfo()`. */
export interface PlatformInfo {
  /** `linux`: processes and threads, by system calls. `portable`: threads of this program, in JavaScript alone. Other values are reserved. */
  readonly platform: 'linux' | 'posix' | 'win32' | 'portable';
  /** True if processes can be started; otherwise the start method is 'thread'. */
  readonly processes: boolean;
  /** The reason for which a better platform cannot be used, if there is one: what to install, or what the system forbids. */
  readonly why?: string | undefined;
}

/**
 * Returns the platform that multiproc uses here. On Linux it is `linux`, unless the addon koffi is not installed or the system forbids a
 * call that it needs. On other systems, or if the environment variable MULTIPROC_PLATFORM asks for it, it is `portable`. Throws a
 * `PlatformError` if the variable is `native` and there is no native platform.
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
