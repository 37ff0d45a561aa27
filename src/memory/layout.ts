/** The places of the fixed structures in the heap, in bytes from its start. Words with different users are on different cache lines. */
export const layout = {
  /** The number of slots of the member table that were ever in use; written within the family's section. */
  highWater: 0,
  /** The slot that is tried first for the next member; written within the family's section. */
  nextSlot: 4,
  /** The number of errands so far: bells that a member could not ring. Each member that leaves an errand counts it; see parker.ts. */
  errands: 8,
  /** The family's section: the member table and the reclaims; see family.ts. */
  familySection: 64,
  /** The allocator's section, and the words that it guards; see allocator.ts. */
  allocatorSection: 128,
  allocator: 192,
  /** The section of the parked descriptors; see channel/descriptors.ts. */
  parkingSection: 2048,
  /** The number of the parked descriptor that is just being moved to the end of its queue, otherwise 0; written within that section. */
  parkedMoving: 2056,
  /** The section of the family's key, and the key with a byte that is 1 once the key exists; see managers/family-key.ts. */
  keySection: 2112,
  key: 2176,
  /** 16 sections, each on a line of its own, for the counts of shared objects; see counts.ts. */
  countSections: 3072,
  /** The member table: 4096 records of 128 bytes. */
  members: 4096,
  /** The first byte that the allocator gives out. */
  blocks: 2 ** 20,
} as const;
