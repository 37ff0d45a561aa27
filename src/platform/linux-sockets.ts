import { clock, fs, os } from '../engine/builtins.ts';
import { loadLibc } from './koffi.ts';
import { linuxSocketPath } from './linux-socket-path.ts';
import type { Sockets } from './sockets.ts';
import { uninterrupted } from './uninterrupted.ts';

// From the kernel's headers; the same on x64 and arm64.
const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const AI_PASSIVE = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_PEERCRED = 17;
const SHUT_WR = 1;
const POLLIN = 1;
const POLLOUT = 4;

/** Returns Linux's sockets by libc's plain functions, called through koffi. */
export function createLinuxSockets(): Sockets {
  const { koffi, libc, func } = loadLibc();
  const socket = func('int socket(int domain, int type, int protocol)');
  const bind = func('int bind(int fd, const uint8_t* address, uint32_t length)');
  const connect = func('int connect(int fd, const uint8_t* address, uint32_t length)');
  const listen = func('int listen(int fd, int backlog)');
  const setsockopt = func('int setsockopt(int fd, int level, int name, const int* value, uint32_t length)');
  const getsockopt = func('int getsockopt(int fd, int level, int name, _Out_ int* value, _Inout_ uint32_t* length)');
  const getaddrinfo = func('int getaddrinfo(const char* host, const char* port, const int* hints, _Out_ void** found)');
  const freeaddrinfo = func('void freeaddrinfo(void* found)');
  const close = func('int close(int fd)');
  const shutdown = func('int shutdown(int fd, int how)');
  const nativePoll = func('int poll(_Inout_ int* fds, unsigned long count, int timeout)');
  const gaiStrerror = libc.func('const char* gai_strerror(int code)') as (code: number) => string;

  const view = (address: bigint, length: number) => uninterrupted(() => koffi.view(address, length));

  function failed(syscall: string, where: string): NodeJS.ErrnoException {
    const errno = koffi.errno();
    const [code, text] = process.getBuiltinModule('node:util').getSystemErrorMap().get(-errno) ?? [
      `errno ${errno}`,
      '',
    ];
    return Object.assign(new Error(`${syscall} ${code}: ${text} ${where}`), { code, errno: -errno, syscall });
  }

  /** Returns every address of a name in the form of the kernel: the family and a `sockaddr`. */
  function resolve(host: string, port: number): { family: number; address: Uint8Array }[] {
    const found = new BigUint64Array(1);
    // struct addrinfo: flags, family, type, protocol; then length (4), address (8), name (8), next (8) from byte 16 on.
    const hints = new Int32Array(12);
    hints[0] = AI_PASSIVE;
    hints[2] = SOCK_STREAM_CLOEXEC & 0xf;
    const error = getaddrinfo(host, String(port), hints, found);
    if (error !== 0) {
      throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}: ${gaiStrerror(error)}`), { code: 'ENOTFOUND' });
    }
    const addresses: { family: number; address: Uint8Array }[] = [];
    for (let at = found[0] as bigint; at; ) {
      const info = new DataView(view(at, 48));
      const length = info.getUint32(16, true);
      const bytes = view(info.getBigUint64(24, true), length);
      addresses.push({ family: info.getInt32(4, true), address: new Uint8Array(bytes).slice() });
      at = info.getBigUint64(40, true);
    }
    freeaddrinfo(found[0]);
    return addresses;
  }

  function listenAt(family: number, address: Uint8Array, backlog: number, where: string): number {
    const fd = socket(family, SOCK_STREAM_CLOEXEC, 0);
    if (fd < 0) throw failed('socket', where);
    try {
      // The file gets the mode of the socket, so that no other user can connect in between.
      if (family === AF_UNIX) fs.fchmodSync(fd, 0o600);
      else setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(1), 4);
      if (bind(fd, address, address.length) !== 0) throw failed('bind', where);
      if (listen(fd, backlog) !== 0) throw failed('listen', where);
      return fd;
    } catch (error) {
      // Not with Node, which warns in a thread about descriptors that it has not opened.
      close(fd);
      throw error;
    }
  }

  function unixAddress(path: string): Uint8Array {
    const bytes = Buffer.from(path);
    const address = new Uint8Array(2 + bytes.length);
    address[0] = AF_UNIX;
    address.set(bytes, 2);
    return address;
  }

  /**
   * Removes the file of a socket that no program has open any more. Returns false if a program has it open, if another program removes it just now, or if it is no
   * socket. Only one program at a time may remove a file: the one that has bound an abstract name for it, which ends with its owner.
   */
  function removeStale(path: string, address: Uint8Array): boolean {
    const claim = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (claim < 0) return false;
    try {
      const { dev, ino } = fs.lstatSync(path, { bigint: true });
      const name = unixAddress(`\0multiproc stale ${dev} ${ino}`);
      if (bind(claim, name, name.length) !== 0) return false;
      const file = fs.lstatSync(path, { bigint: true });
      if (!file.isSocket() || file.dev !== dev || file.ino !== ino) return false;
      // A socket of another type, which the owner of the file does not notice. EPROTOTYPE means that the file has an owner, even one that does not listen yet.
      if (connect(claim, address, address.length) === 0 || koffi.errno() !== os.constants.errno.ECONNREFUSED)
        return false;
      fs.unlinkSync(path);
      return true;
    } catch {
      // The file is gone already, or we may not remove it.
      return false;
    } finally {
      close(claim);
    }
  }

  return {
    listenTcp(server, host, port, backlog) {
      const [first] = resolve(host, port);
      server.listen({ fd: listenAt(first!.family, first!.address, backlog, `${host}:${port}`), exclusive: true });
    },
    listenUnix(server, path, backlog) {
      const short = linuxSocketPath(path);
      try {
        const address = unixAddress(`${short.path}\0`);
        const listen = () => server.listen({ fd: listenAt(AF_UNIX, address, backlog, path), exclusive: true });
        try {
          listen();
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !removeStale(short.path, address)) throw error;
          listen();
        }
      } finally {
        short.release();
      }
      return () => {};
    },
    reach: linuxSocketPath,
    peerUser(fd) {
      // struct ucred: pid, uid, gid.
      const credentials = new Int32Array(3);
      if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, Uint32Array.of(12)) !== 0)
        throw failed('getsockopt', 'SO_PEERCRED');
      return (credentials[1] as number) >>> 0;
    },
    endWriting(fd) {
      // This fails if the other end is gone already.
      shutdown(fd, SHUT_WR);
    },
    awaitReady(fd, what, timeout, bell) {
      const deadline = clock() + timeout;
      for (;;) {
        // The kernel skips a descriptor of -1.
        const entries = new Int32Array([fd, what === 'read' ? POLLIN : POLLOUT, bell, POLLIN]);
        const left = Math.min(Math.max(Math.ceil(deadline - clock()), 0), 0x7fffffff);
        const found = nativePoll(entries, 2, timeout === Number.POSITIVE_INFINITY ? -1 : left);
        if (found > 0) return (entries[1] as number) >>> 16 !== 0 ? 'ready' : 'rung';
        if (found < 0 && koffi.errno() !== os.constants.errno.EINTR) throw failed('poll', `descriptor ${fd}`);
        if (clock() >= deadline) return 'late';
      }
    },
  };
}
