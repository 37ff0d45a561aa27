import { existsSync, readFileSync } from 'node:fs';

/** Where a point is: the source in src/, the function in it, and what is done there. */
export interface Place {
  readonly file: string;
  readonly in: string;
  readonly what: string;
  readonly kind: 'store' | 'call';
}

/** True in build/disturbed/, where the library has points. */
export const isDisturbed = existsSync(new URL('../../../points.json', import.meta.url));

/** All points of the library by their number, as `npm run build` has found them. */
export const places = JSON.parse(
  readFileSync(new URL(`../../../${isDisturbed ? '' : 'build/disturbed/'}points.json`, import.meta.url), 'utf8'),
) as readonly Place[];

/** What a reader calls it. */
export function nameOf(point: number): string {
  const place = places[point];
  return place === undefined ? 'the end' : `${place.file} ${place.in} (${place.what})`;
}
