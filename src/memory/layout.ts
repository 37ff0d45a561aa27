/** Where the fixed things stand in the heap, in bytes from its start; each word is on a cache line of its own users. */
export const layout = {
  /** How many slots of the member table were ever in use; written within the family's section. */
  highWater: 0,
  /** The slot that is looked at first for the next member; written within the family's section. */
  nextSlot: 4,
  /** How many errands were left so far: bells that somebody could not ring. Counted by who leaves one; see parker.ts. */
  errands: 8,
  /** The family's section: the member table and the burials; see family.ts. */
  familySection: 64,
  /** The allocator's section, and the words that it guards; see allocator.ts. */
  allocatorSection: 128,
  allocator: 192,
  /** The section of the parked descriptors; see channel/descriptors.ts. */
  parkingSection: 2048,
  /** The number of the parked descriptor that is just being moved to the end of its queue, else 0; written within that section. */
  parkedMoving: 2056,
  /** The section of the family's key, and the key with a byte that says that it is there; see managers/family-key.ts. */
  keySection: 2112,
  key: 2176,
  /** The member table: 4096 records of 128 bytes. */
  members: 4096,
  /** The first byte that the allocator gives out. */
  blocks: 2 ** 20,
} as const;
