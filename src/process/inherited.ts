/** The numbers of the inherited descriptors in a child. */
export const inherited = { heap: 3, lifeline: 4, doorbell: 5, parking: 6, parentBell: 7 } as const;
