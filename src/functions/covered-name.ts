/** Begins the name of travelled text while coverage is measured: its offsets are not those of the file, so it is to be left out. */
export const COVERED = 'multiproc:';
