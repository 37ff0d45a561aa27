/**
 * Keeps open descriptors in the kernel, in a queue that belongs to all who hold its one descriptor: what is parked outlives whoever
 * parked it. `linux-parking.ts` is the one implementation.
 */
export interface Parking {
  /** Makes an empty queue and answers its descriptor. */
  create(): number;
  /** Puts a copy of `descriptor` in, under a number; false if the queue is full, or the system allows no more. */
  park(queue: number, ticket: number, descriptor: number): boolean;
  /**
   * Shows what was put in first, which stays there; `undefined` if the queue is empty. The descriptor is a copy for the caller. Throws
   * where no more can be opened.
   */
  peek(queue: number): { ticket: number; descriptor: number } | undefined;
  /** Takes out what was put in first, and gives it up; false if the system has no memory for that just now. */
  drop(queue: number): boolean;
}
