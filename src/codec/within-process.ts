/** Knows whether the message that is being made is for a thread of this process: some values go no further. */
let isWithin = false;

/** Runs `make`, which makes messages that only threads of this process read. */
export function withinProcess<T>(make: () => T): T {
  const before = isWithin;
  isWithin = true;
  try {
    return make();
  } finally {
    isWithin = before;
  }
}

/** Returns true while such a message is being made. */
export function isWithinProcess(): boolean {
  return isWithin;
}
