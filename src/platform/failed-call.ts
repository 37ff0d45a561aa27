import { PlatformError } from '../contracts/errors.ts';

/** Advice for errors of system calls, by their code. */
const remedies: Readonly<Record<string, string>> = {
  EMFILE: 'This process has no file descriptor left: allow it more (ulimit -n), or close what is no longer needed.',
  ENFILE: 'This system has no file descriptor left (fs.file-max).',
  ENOMEM: 'This system, or what limits this process (ulimit -v, a control group), has no memory left.',
  ENOSYS: 'This system, or the sandbox or container that this process runs in (seccomp), has no such call: allow it.',
  EPERM: 'What limits this process, as the sandbox or container that it runs in (seccomp), forbids the call: allow it.',
};

/** Returns the error for a system call that failed with this number and that the library needs. */
export function failedCall(call: string, errno: number): PlatformError {
  const known = process.getBuiltinModule('node:util').getSystemErrorMap().get(-errno);
  const [code, text] = known ?? [`errno ${errno}`, 'unknown error'];
  const remedy = remedies[code];
  return new PlatformError(`${call} failed: ${code}, ${text}.${remedy === undefined ? '' : ` ${remedy}`}`);
}
