import { appendFileSync, readFileSync } from 'node:fs';

/** What has happened to one member: written by itself, before it happens. */
export interface Entry {
  readonly who: string;
  readonly pid: number;
  readonly way: 'kill' | 'stop' | 'fail';
  readonly point: number;
  /** Of a stop: how long, in ms; of a failing call: the error number. */
  readonly detail: number;
}

/** A file to which every member appends its disturbances: the same seed writes the same lines of each member. */
export class Diary {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    appendFileSync(path, '');
  }

  write({ who, pid, way, point, detail }: Entry): void {
    // One write at the end of the file: lines of others do not get in between.
    appendFileSync(this.path, `${who} ${pid} ${way} ${point} ${detail}\n`);
  }

  read(): Entry[] {
    return entriesOf(readFileSync(this.path, 'utf8'));
  }
}

/** The entries in so much of a diary, which ends with a whole line. */
export function entriesOf(text: string): Entry[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [who, pid, way, point, detail] = line.split(' ');
    return { who: who!, pid: Number(pid), way: way as Entry['way'], point: Number(point), detail: Number(detail) };
  });
}
