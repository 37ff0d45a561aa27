import { PlatformError } from '../contracts/errors.ts';
import { fs } from '../engine/builtins.ts';
import type { Files } from './files.ts';
import { loadLibc } from './koffi.ts';
import { markWhatIsStarted } from './linux-orphans.ts';
import { createLinuxParking } from './linux-parking.ts';
import { dispositionOf, killOrphans, killOwnChildren, ownChildren, stopAndKillChildren } from './linux-process-tree.ts';
import { createLinuxSockets } from './linux-sockets.ts';
import { FILE_BYTES, MappedMemory, type MappingCalls } from './mapped-memory.ts';
import { PIECE_BYTES } from './memory.ts';
import { isLoopAlive } from './node-loop.ts';
import type { Parking } from './parking.ts';
import type { Pipes } from './pipes.ts';
import type { Platform } from './platform.ts';
import { createPortableSockets } from './portable-sockets.ts';
import type { Processes } from './processes.ts';
import type { Sockets } from './sockets.ts';
import { uninterrupted } from './uninterrupted.ts';

// From the kernel's headers: the constants that are the same on every architecture.
const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE_FIXED_ANONYMOUS = 2 | 0x10 | 0x20;
const FALLOC_FL_KEEP_SIZE_PUNCH_HOLE = 3;
const FUTEX_WAIT = 0; // Without the PRIVATE flag: sleepers and wakers are different processes.
const FUTEX_WAKE = 1;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK_CLOEXEC = 0o4000 | O_CLOEXEC;
const POLLIN = 1;
const PR_SET_PDEATHSIG = 1;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const F_DUPFD_CLOEXEC = 1030;
const SIGKILL = 9;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const P_PID = 1;
const WEXITED_WNOWAIT = 4 | 0x01000000;
const WEXITED_WNOHANG = 4 | 1;
const WEXITED_WNOHANG_WNOWAIT = WEXITED_WNOWAIT | 1;
const CLD_EXITED = 1;
const PF_EXITING = 4; // Set once a thread will not run another instruction of its program.
const ESRCH = 3;
const EINTR = 4;
const ECHILD = 10;
const EAGAIN = 11;
const ENOMEM = 12;
const EFBIG = 27;
const ENOSPC = 28;
const EOPNOTSUPP = 95;
/** Options of glibc's mallopt. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const LOCK_SHARED = 1;
const LOCK_EXCLUSIVE = 2;
const LOCK_NONBLOCK = 4;
const LOCK_NONE = 8;

/** System calls that not every libc wraps, by number. */
const numbers = {
  x64: { memfd_create: 319, futex: 202, gettid: 186, tgkill: 234 },
  arm64: { memfd_create: 279, futex: 98, gettid: 178, tgkill: 131 },
} as const;

/** The size of a page: enough to try whether memory can be shown. V8 counts what it shows as memory of the program. */
const SHOWN_BYTES = 4096;

/** Returns Linux by libc's plain functions, called through koffi; a call costs 0.2 to 0.6 µs. */
export function createLinux(arch: 'x64' | 'arm64', onTrial: boolean): Platform {
  const { koffi, libc, func, failed } = loadLibc();
  const optional = (declaration: string) => {
    try {
      return func(declaration);
    } catch {
      return undefined;
    }
  };
  const number = numbers[arch];

  const memfdCreate = func('long syscall(long number, const char* name, unsigned int flags)');
  const ftruncate = func('int ftruncate(int fd, int64_t length)');
  const mmap = libc.func('void* mmap(void* at, size_t length, int protection, int flags, int fd, int64_t offset)');
  const munmap = func('int munmap(void* at, size_t length)');
  const flock = func('int flock(int fd, int operation)');
  const memcpyIn = libc.func('void* memcpy(void* to, const void* from, size_t length)');
  const memcmp = libc.func('int memcmp(void* here, const void* there, size_t length)');
  const memcpyOut = libc.func('void* memcpy(_Out_ void* to, void* from, size_t length)');
  const fallocate = func('int fallocate(int fd, int mode, int64_t offset, int64_t length)');
  const futex = func('long syscall(long number, void* word, int operation, uint32_t value, const void* timeout)');
  const pipe2 = func('int pipe2(_Out_ int* fds, int flags)');
  const read = func('long read(int fd, _Out_ uint8_t* buffer, size_t length)');
  const write = func('long write(int fd, const uint8_t* buffer, size_t length)');
  const nativePoll = func('int poll(_Inout_ int* fds, unsigned long count, int timeout)');
  const schedYield = func('int sched_yield()');
  const gettid = func('long syscall(long number)');
  const tgkill = func('long syscall(long number, int pid, int tid, int signal)');
  const prctl = func('int prctl(int option, unsigned long value)');
  const getppid = func('int getppid()');
  const waitid = func('int waitid(int kind, uint32_t pid, _Out_ int* info, int options)');
  const setHandler = libc.func('void* signal(int signal, void* handler)');
  const exit = func('void _exit(int code)');
  const open = func('int open(const char* path, int flags)');
  const close = func('int close(int fd)');
  const fcntl = func('int fcntl(int fd, int command, int argument)');
  const dlsym = libc.func('void* dlsym(void* library, const char* name)');
  const keyCreate = func('int pthread_key_create(_Out_ uint32_t* key, void* destructor)');
  const setSpecific = func('int pthread_setspecific(uint32_t key, void* value)');

  const oneByte = new Uint8Array(1);
  const scratch = new Uint8Array(4096);
  const timespec = new BigInt64Array(2);

  /** Returns true for a child of this process that has ended and was not reaped yet; needs no descriptor. */
  function isEnded(pid: number): boolean {
    const info = new Int32Array(32);
    return waitid(P_PID, pid, info, WEXITED_WNOHANG_WNOWAIT) === 0 && info[4] !== 0;
  }

  const linux: MappingCalls & Files & Pipes & Processes & Pick<Platform, 'keepFreedMemory' | 'yieldCpu'> = {
    createSparseFile(bytes) {
      const fd = memfdCreate(number.memfd_create, 'multiproc', MFD_CLOEXEC);
      if (fd < 0) throw failed('memfd_create');
      if (ftruncate(fd, bytes) === 0) return fd;
      const error =
        koffi.errno() === EFBIG
          ? new PlatformError(
              `This process may not make files of ${bytes} bytes (ulimit -f). multiproc keeps shared memory in an unnamed file of that size, of which only what is used takes memory: allow it by ulimit -f unlimited, in a container by --ulimit fsize=-1.`,
            )
          : failed('ftruncate');
      close(fd);
      throw error;
    },
    map(fd, offset, length) {
      const address = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, offset) as bigint;
      if (BigInt.asIntN(64, address) !== -1n) return address;
      if (koffi.errno() !== ENOMEM) throw failed(`mmap of ${length} bytes`);
      throw new PlatformError(
        `This process is out of address space (ulimit -v): ${length} bytes could not be mapped. multiproc maps shared memory in pieces of 1 GiB, which take no memory until they are used; allow 2 GiB at the least.`,
      );
    },
    view: (address, length) => uninterrupted(() => koffi.view(address, length)),
    copyIn(address, bytes) {
      memcpyIn(address, bytes, bytes.byteLength);
    },
    copyOut(address, bytes) {
      memcpyOut(bytes, address, bytes.byteLength);
    },
    isAt: (address, bytes) => memcmp(address, bytes, bytes.byteLength) === 0,
    keepFreedMemory() {
      // musl has no such options.
      const mallopt = uninterrupted(() => optional('int mallopt(int option, int value)'));
      mallopt?.(M_MMAP_THRESHOLD, 2 ** 25);
      mallopt?.(M_TRIM_THRESHOLD, 2 ** 26);
    },
    punchHole: (fd, offset, length) => fallocate(fd, FALLOC_FL_KEEP_SIZE_PUNCH_HOLE, offset, length) === 0,
    blank(address, length) {
      const at = mmap(address, length, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0) as bigint;
      if (at !== address) throw failed(`mmap of ${length} bytes in place of others`);
    },
    unmap(address, length) {
      munmap(address, length);
    },

    segmentFolder: '/dev/shm',
    reserve(fd, length) {
      while (fallocate(fd, 0, 0, length) !== 0) {
        const errno = koffi.errno();
        if (errno === EINTR) continue;
        if (errno === ENOSPC || errno === ENOMEM || errno === EFBIG) return false;
        // Not every file system supports this; then the memory comes with its first use.
        if (errno === EOPNOTSUPP) return true;
        throw failed(`fallocate of ${length} bytes`);
      }
      return true;
    },
    tryLock(fd, way) {
      const operation = (way === 'shared' ? LOCK_SHARED : LOCK_EXCLUSIVE) | LOCK_NONBLOCK;
      if (flock(fd, operation) === 0) return true;
      if (koffi.errno() === EAGAIN) return false;
      throw failed('flock');
    },
    unlock(fd) {
      if (flock(fd, LOCK_NONE) !== 0) throw failed('flock');
    },

    futexWait(address, expected, timeout) {
      if (timeout === Number.POSITIVE_INFINITY) {
        futex(number.futex, address, FUTEX_WAIT, expected >>> 0, null);
        return;
      }
      const seconds = Math.floor(timeout / 1000);
      timespec[0] = BigInt(seconds);
      timespec[1] = BigInt(Math.round((timeout - seconds * 1000) * 1e6));
      futex(number.futex, address, FUTEX_WAIT, expected >>> 0, timespec);
    },
    futexWake: (address, count) => futex(number.futex, address, FUTEX_WAKE, count, null),

    pipe() {
      const fds = new Int32Array(2);
      if (pipe2(fds, O_NONBLOCK_CLOEXEC) !== 0) throw failed('pipe2');
      return [...fds] as [number, number];
    },
    inodeOf,
    openPipe(pid, fd, end, inode) {
      const mode = end === 'read' ? fs.constants.O_RDONLY : fs.constants.O_WRONLY;
      // Not with Node: at the end of a thread it closes the descriptors that it opened there, even if another file has the number by then.
      const opened = open(`/proc/${pid}/fd/${fd}`, mode | O_NONBLOCK_CLOEXEC);
      if (opened < 0) return -1;
      if (inodeOf(opened) === inode) return opened;
      // The number belongs to another file by now: touch nothing.
      close(opened);
      return -1;
    },
    ring: (fd) => write(fd, oneByte, 1) === 1 || koffi.errno() === EAGAIN,
    drain(fd) {
      while (read(fd, scratch, scratch.length) === scratch.length) {}
    },
    poll(fds, timeout) {
      const entries = new Int32Array(fds.length * 2);
      for (const [index, fd] of fds.entries()) {
        entries[index * 2] = fd;
        entries[index * 2 + 1] = POLLIN;
      }
      const milliseconds = timeout === Number.POSITIVE_INFINITY ? -1 : Math.min(Math.ceil(timeout), 0x7fffffff);
      const found = nativePoll(entries, fds.length, milliseconds);
      if (found < 0 && koffi.errno() !== EINTR) return undefined;
      const ready: number[] = [];
      for (let index = 0; index < fds.length; index++) {
        if ((entries[index * 2 + 1] as number) >>> 16 !== 0) ready.push(index);
      }
      return ready;
    },
    close(fd) {
      // The caller is in the middle of a step that must not be interrupted.
      if (close(fd) !== 0 && koffi.errno() !== EINTR) process.emitWarning(failed(`close of descriptor ${fd}`));
    },
    duplicate: (fd) => fcntl(fd, F_DUPFD_CLOEXEC, 0),

    createThreadKey() {
      const key = new Uint32Array(1);
      // The C library calls a key's destructor with its value at the end of each thread: here it is close() itself.
      if (keyCreate(key, dlsym(null, 'close')) !== 0) throw new PlatformError('pthread_key_create failed');
      return key[0] as number;
    },
    closeWithThread(key, fd) {
      if (setSpecific(key, BigInt(fd)) !== 0) throw new PlatformError('pthread_setspecific failed');
    },

    yieldCpu: () => schedYield() === 0,
    threadId: () => gettid(number.gettid),
    startTime(pid, tid) {
      const fd = open(`/proc/${pid}/task/${tid}/stat`, O_CLOEXEC);
      const length = fd < 0 ? -1 : read(fd, scratch, scratch.length);
      if (fd >= 0) close(fd);
      if (length <= 0) {
        // The reason says little: /proc may be closed, or the descriptors used up. Signal 0 needs neither.
        if (tgkill(number.tgkill, pid, tid, 0) !== 0) return koffi.errno() === ESRCH ? 'gone' : 'unknown';
        // Signal 0 reaches a process that has ended until it is reaped. For a child of this process the kernel tells the difference.
        return isEnded(pid) ? 'gone' : 'unknown';
      }
      const stat = Buffer.from(scratch.buffer, 0, length).toString('latin1');
      // The name in parentheses may hold anything; the fields are counted from its end.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const state = fields[0];
      if (state === 'Z' || state === 'X' || Number(fields[6]) & PF_EXITING) return 'gone';
      return Number(fields[19]) | 0;
    },
    openToFamily() {
      // The kernel still asks that a process that opens a descriptor of this one has all of its rights.
      if (prctl(PR_GET_DUMPABLE, 0) !== 1) prctl(PR_SET_DUMPABLE, 1);
    },
    processNamespace: () => /\d+/.exec(fs.readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0',
    seesOwnNamespace() {
      try {
        return fs.readlinkSync('/proc/self') === String(process.pid);
      } catch (cause) {
        throw new PlatformError(`/proc/self cannot be read: ${(cause as Error).message}.`, { cause });
      }
    },
    dieWithParent(parentPid) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return getppid() === parentPid;
    },
    awaitExit(pid) {
      const info = new Int32Array(32);
      while (waitid(P_PID, pid, info, WEXITED_WNOWAIT) !== 0) {
        const errno = koffi.errno();
        if (errno === ECHILD) return undefined;
        if (errno !== EINTR) throw failed(`waitid of process ${pid}`);
      }
      // siginfo_t: signal, errno, code at words 0 to 2; on 64 bits the union follows at word 4: pid, uid, status.
      const status = info[6] as number;
      return info[2] === CLD_EXITED ? status : -status;
    },
    reap(pid) {
      const info = new Int32Array(32);
      while (waitid(P_PID, pid, info, WEXITED_WNOHANG) !== 0) {
        const errno = koffi.errno();
        if (errno === ECHILD) return true;
        if (errno !== EINTR) throw failed(`waitid of process ${pid}`);
      }
      // The process id of siginfo_t, 0 if no child has ended.
      return info[4] !== 0;
    },
    setDisposition(signal, disposition) {
      setHandler(signal, disposition === 'ignored' ? SIG_IGN : SIG_DFL);
    },
    dispositionOf,
    markWhatIsStarted,
    stopAndKillChildren,
    killOrphans,
    ownChildren,
    killOwnChildren,
    isLoopAlive,
    exitNow(code) {
      exit(code);
      throw failed('_exit');
    },
  };

  if (onTrial) tryMemory(linux);
  let sockets: Sockets | undefined;
  let parking: Parking | undefined;
  return {
    name: 'linux',
    openMemory: (pass) => new MappedMemory(linux, pass),
    keepFreedMemory: linux.keepFreedMemory,
    yieldCpu: linux.yieldCpu,
    files: linux,
    pipes: linux,
    processes: linux,
    get sockets() {
      sockets ??= uninterrupted(createSockets);
      return sockets;
    },
    get parking() {
      parking ??= uninterrupted(createLinuxParking);
      return parking;
    },
  };
}

/** Deno cannot listen at a descriptor that it has not opened itself. */
function createSockets(): Sockets {
  const sockets = createLinuxSockets();
  if (process.versions.deno === undefined) return sockets;
  const { listenTcp, listenUnix } = createPortableSockets();
  return { ...sockets, listenTcp, listenUnix };
}

/** Deno's `fstatSync` refuses descriptors that Deno has not opened itself; there the name of the descriptor's link has the inode. */
function inodeOf(fd: number): number {
  const low = (ino: bigint) => Number(BigInt.asIntN(32, ino));
  try {
    return low(fs.fstatSync(fd, { bigint: true }).ino);
  } catch {
    return low(BigInt(/\d+/.exec(fs.readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? 0));
  }
}

/**
 * Throws a `PlatformError` if memory cannot be shared: Electron refuses external memory, a sandbox may forbid the calls, and a limit the sizes. Called only
 * in the first member of a family, which no other member ends; so it may be nested in a call that must not be interrupted.
 */
function tryMemory({ createSparseFile, map, view, unmap, close }: MappingCalls & Pipes): void {
  const fd = createSparseFile(FILE_BYTES);
  try {
    const address = map(fd, 0, PIECE_BYTES);
    try {
      view(address, SHOWN_BYTES);
    } catch (cause) {
      throw new PlatformError(`this runtime shows no memory of the system: ${(cause as Error).message}.`, { cause });
    } finally {
      unmap(address, PIECE_BYTES);
    }
  } finally {
    close(fd);
  }
}
