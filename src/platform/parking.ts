/**
 * Keeps open descriptors in the kernel, in a queue that belongs to all who hold its one descriptor: what is parked outlives whoever
 * parked it. `linux-parking.ts` is the one implementation.
 */
export interface Parking {
  /** Makes an empty queue and answers its descriptor. */
  create(): number;
  /** Puts a copy of `descriptor` in, under a number. Throws where the system allows no more. */
  park(queue: number, ticket: number, descriptor: number): void;
  /** Takes out what was put in first; `undefined` if the queue is empty. The descriptor is the caller's. */
  take(queue: number): { ticket: number; descriptor: number } | undefined;
}
