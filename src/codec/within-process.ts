/** Whether the message that is being made is for a thread of this very process: some values go no further. */
let isWithin = false;

/** Runs what makes messages that threads of this process read, and nobody else. */
export function withinProcess<T>(make: () => T): T {
  const before = isWithin;
  isWithin = true;
  try {
    return make();
  } finally {
    isWithin = before;
  }
}

/** Whether such a message is being made. */
export function isWithinProcess(): boolean {
  return isWithin;
}
