import { failuresOf } from '../disturb/failures.ts';
import { points } from '../disturb/points.ts';
import { signalSelf } from '../disturb/signal-self.ts';
import { random } from '../seeded.ts';
import { Diary, type Entry } from './diary.ts';

/** How a member is to be disturbed: by numbers that its seed gives, counted in points that it passes, not in time. */
export interface Unrest {
  readonly who: string;
  readonly seed: number;
  readonly diary: string;
  /** The number of points between two disturbances, on the average. */
  readonly every: number;
  readonly ways: readonly Entry['way'][];
}

/** Most last shorter than any patience of the library, some longer. */
const stops = [1, 1, 2, 3, 5, 10, 30];
const shares = { kill: 1, stop: 6, fail: 6 } as const;

/** Has this process disturbed from here on, until it dies of it. */
export function beUnquiet({ who, seed, diary: path, every, ways }: Unrest): void {
  const pick = random(seed);
  const diary = new Diary(path);
  const among = <T>(list: readonly T[]): T => list[Math.floor(pick() * list.length)] as T;
  const lots = ways.flatMap((way) => Array<Entry['way']>(shares[way]).fill(way));
  const interval = () => 1 + Math.floor(-Math.log(1 - pick()) * every);
  let left = interval();
  let isToFail = false;
  points.visit = (point, call) => {
    const entry = { who, pid: process.pid, point };
    const failures = isToFail && call !== undefined ? failuresOf(call) : [];
    if (failures.length > 0) {
      isToFail = false;
      const detail = among(failures);
      diary.write({ ...entry, way: 'fail', detail });
      return detail;
    }
    if (--left > 0) return 0;
    left = interval();
    const way = among(lots);
    // It comes with the next call that can fail.
    if (way === 'fail') isToFail = true;
    else if (way === 'kill') {
      diary.write({ ...entry, way, detail: 0 });
      signalSelf('SIGKILL');
    } else {
      diary.write({ ...entry, way, detail: among(stops) });
      signalSelf('SIGSTOP');
    }
    return 0;
  };
}

/** Ends it. */
export function beQuiet(): void {
  points.visit = undefined;
}
