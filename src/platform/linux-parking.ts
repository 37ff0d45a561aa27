import { PlatformError } from '../contracts/errors.ts';
import { os } from '../engine/builtins.ts';
import { loadLibc } from './koffi.ts';
import type { Parking } from './parking.ts';
import { uninterrupted } from './uninterrupted.ts';

// From the kernel's headers; the same on x64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
const MSG_DONTWAIT = 0x40;
const MSG_PEEK_DONTWAIT_CLOEXEC = 2 | 0x40 | 0x40000000;

/** The places in the page that both calls use: a `msghdr`, its `iovec`, the bytes, and a `cmsghdr` with one descriptor. */
const page = { header: 0, vector: 64, bytes: 96, control: 128, size: 192 } as const;
const TICKET_BYTES = 4;
const CONTROL_LENGTH = 20;
const CONTROL_SPACE = 24;

/** Returns parking in the kernel: a queue is a datagram socket that is connected to itself, so no other socket can send to it. */
export function createLinuxParking(): Parking {
  const { koffi, libc, func, failed } = loadLibc();
  const socket = func('int socket(int domain, int type, int protocol)');
  const bind = func('int bind(int fd, const uint8_t* address, uint32_t length)');
  const getsockname = func('int getsockname(int fd, _Out_ uint8_t* address, _Inout_ uint32_t* length)');
  const connect = func('int connect(int fd, const uint8_t* address, uint32_t length)');
  const sendmsg = func('long sendmsg(int fd, void* message, int flags)');
  const recvmsg = func('long recvmsg(int fd, void* message, int flags)');
  const malloc = libc.func('void* malloc(size_t size)') as (size: number) => bigint;

  let memory: { address: bigint; view: DataView } | undefined;

  /** Returns the page with a `msghdr` that has room for one ticket and one descriptor. */
  function message(): { address: bigint; view: DataView } {
    if (memory === undefined) {
      const address = malloc(page.size);
      memory = { address, view: new DataView(uninterrupted(() => koffi.view(address, page.size))) };
      for (let i = 0; i < page.size; i++) memory.view.setUint8(i, 0);
    }
    const { address, view } = memory;
    view.setBigUint64(page.vector, address + BigInt(page.bytes), true);
    view.setBigUint64(page.vector + 8, BigInt(TICKET_BYTES), true);
    view.setBigUint64(page.header + 16, address + BigInt(page.vector), true);
    view.setBigUint64(page.header + 24, 1n, true);
    view.setBigUint64(page.header + 32, address + BigInt(page.control), true);
    view.setBigUint64(page.header + 40, BigInt(CONTROL_SPACE), true);
    return memory;
  }

  return {
    create() {
      const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      if (fd < 0) throw failed('socket');
      // An address with a family only: the kernel invents a name.
      const address = new Uint8Array(128);
      const length = Uint32Array.of(address.length);
      if (bind(fd, Uint8Array.of(AF_UNIX, 0), 2) !== 0) throw failed('bind');
      if (getsockname(fd, address, length) !== 0) throw failed('getsockname');
      if (connect(fd, address, length[0]) !== 0) throw failed('connect');
      return fd;
    },
    park(queue, ticket, descriptor) {
      const { address, view } = message();
      view.setUint32(page.bytes, ticket, true);
      view.setBigUint64(page.control, BigInt(CONTROL_LENGTH), true);
      view.setInt32(page.control + 8, SOL_SOCKET, true);
      view.setInt32(page.control + 12, SCM_RIGHTS, true);
      view.setInt32(page.control + 16, descriptor, true);
      if (sendmsg(queue, address, MSG_DONTWAIT_NOSIGNAL) === TICKET_BYTES) return true;
      const errno = koffi.errno();
      if (errno === os.constants.errno.EAGAIN) return false;
      if (errno === 109 /* ETOOMANYREFS */ || errno === os.constants.errno.ENOBUFS) return false;
      throw failed('sendmsg');
    },
    peek(queue) {
      const { address, view } = message();
      view.setInt32(page.control + 16, -1, true);
      if (recvmsg(queue, address, MSG_PEEK_DONTWAIT_CLOEXEC) !== TICKET_BYTES) {
        if (koffi.errno() === os.constants.errno.EAGAIN) return undefined;
        throw failed('recvmsg');
      }
      const found = { ticket: view.getUint32(page.bytes, true), descriptor: view.getInt32(page.control + 16, true) };
      if (found.descriptor >= 0) return found;
      throw new PlatformError('A socket that was sent here could not be opened: this process has too many open files.');
    },
    drop(queue) {
      const { address, view } = message();
      // If there is no room for the descriptor, the kernel closes it.
      view.setBigUint64(page.header + 40, 0n, true);
      return recvmsg(queue, address, MSG_DONTWAIT) >= 0;
    },
  };
}
