/** Finds the captured variable that took most bytes to encode, for the warning that names it. */
interface HeavyCapture {
  readonly name: string;
  readonly bytes: number;
}

const NONE: HeavyCapture = { name: '', bytes: 0 };

let heaviest = NONE;

/** Notes that a variable has been encoded. */
export function noteEncoded(name: string, bytes: number): void {
  if (bytes > heaviest.bytes) heaviest = { name, bytes };
}

/** Runs `encode` and returns the heaviest variable that was noted meanwhile. */
export function heaviestOf(encode: () => void): HeavyCapture {
  heaviest = NONE;
  try {
    encode();
    return heaviest;
  } finally {
    heaviest = NONE;
  }
}
