/** The points that this program's scenarios have passed. */
export const reached = new Set<number>();
