/** An ArrayBuffer with the members of ES2024, which older Nodes lack. */
type MovableBuffer = ArrayBuffer & { transfer?(): ArrayBuffer };

let isSure: boolean | undefined;

/** True if this Node can keep a buffer from being moved: from 24.16, 25.6 and 26 on. */
export function canPin(): boolean {
  isSure ??= isRefusedOnceMarked();
  return isSure;
}

/**
 * Returns the buffer, or a buffer in its place, that cannot be moved, as far as this Node can prevent it. `transfer()`, a byte stream or
 * `postMessage` would move the memory to a buffer that the library does not know, while the known buffer is collected and the memory is
 * given to others. It is certain only if `canPin()` is true. See shared/README.md, "A buffer that is moved".
 */
export function pin(buffer: ArrayBuffer): ArrayBuffer {
  const { transfer } = buffer as MovableBuffer;
  if (transfer === undefined) return buffer;
  if (!canPin()) return Object.defineProperties(buffer, { transfer: refusal, transferToFixedLength: refusal });
  // When a thread ends, Node detaches every buffer that an addon has made, and aborts if that is not allowed. It does not know moved
  // buffers.
  const own = transfer.call(buffer);
  mark(own);
  return own;
}

const refusal: PropertyDescriptor = {
  value(): never {
    throw new TypeError('This ArrayBuffer shows shared memory and cannot be moved: take a copy by slice().');
  },
};

function isRefusedOnceMarked(): boolean {
  const trial: MovableBuffer = new ArrayBuffer(1);
  if (trial.transfer === undefined) return false;
  mark(trial);
  try {
    trial.transfer();
    return false;
  } catch {
    return true;
  }
}

function mark(buffer: ArrayBuffer): void {
  process.getBuiltinModule('node:worker_threads').markAsUntransferable(buffer);
}
