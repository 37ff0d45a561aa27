/**
 * Keeps open descriptors in the kernel, in a queue that belongs to all processes that hold its one descriptor: a parked descriptor outlives the process that
 * parked it. `linux-parking.ts` is the one implementation.
 */
export interface Parking {
  /** Makes an empty queue and returns its descriptor. */
  create(): number;
  /** Puts a copy of `descriptor` in, under a number. Returns false if the queue is full or the system allows no more. */
  park(queue: number, ticket: number, descriptor: number): boolean;
  /**
   * Returns the first entry, which stays in the queue; `undefined` if the queue is empty. The descriptor is a copy for the caller. Throws
   * if no more descriptors can be opened.
   */
  peek(queue: number): { ticket: number; descriptor: number } | undefined;
  /** Removes the first entry and closes its descriptor. Returns false if the system has no memory for that now. */
  drop(queue: number): boolean;
}
