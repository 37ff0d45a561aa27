import { constants } from 'node:os';

const { EMFILE, EACCES, ENOMEM, ENOSPC, ENOBUFS, EAGAIN, EINTR, ENOLCK, EADDRINUSE, EINVAL } = constants.errno;

/** What each call of the system may fail with, by the name that the library calls it by. What is not here does not fail. */
const failures: Readonly<Record<string, readonly number[]>> = {
  memfdCreate: [EMFILE, ENOMEM],
  mmap: [ENOMEM],
  fallocate: [ENOSPC, ENOMEM, EINTR],
  flock: [ENOLCK, ENOMEM],
  futexWait: [EINTR],
  pipe2: [EMFILE],
  open: [EMFILE, EACCES, ENOMEM],
  // The last one where more are polled than the limit of descriptors allows.
  poll: [EINTR, ENOMEM, EINVAL],
  waitid: [EINTR],
  socket: [EMFILE, EACCES, ENOMEM],
  bind: [EACCES, EADDRINUSE, ENOMEM],
  listen: [EADDRINUSE],
  sendmsg: [ENOBUFS, ENOMEM, EAGAIN],
  recvmsg: [ENOMEM],
  getsockopt: [ENOMEM],
  pthread_key_create: [EAGAIN, ENOMEM],
  pthread_setspecific: [ENOMEM],
  spawn: [EMFILE, EAGAIN, ENOMEM],
  openSync: [EMFILE, EACCES, ENOMEM],
  readFileSync: [EMFILE, EACCES, ENOMEM],
  readdirSync: [EMFILE, EACCES, ENOMEM],
  readlinkSync: [EACCES, ENOMEM],
  statSync: [EACCES, ENOMEM],
  lstatSync: [EACCES, ENOMEM],
  mkdirSync: [EACCES, ENOSPC, ENOMEM],
  linkSync: [EACCES, ENOSPC, ENOMEM],
  symlinkSync: [EACCES, ENOSPC, ENOMEM],
  renameSync: [EACCES, ENOSPC, ENOMEM],
  unlinkSync: [EACCES, ENOMEM],
  rmdirSync: [EACCES, ENOMEM],
  ftruncateSync: [EACCES, ENOMEM],
};

/** The error numbers that the call may fail with. */
export function failuresOf(call: string): readonly number[] {
  return failures[call] ?? [];
}
