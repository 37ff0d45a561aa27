import { NODE, type PoolHeader, PROTOCOL } from '../tasks/letter.ts';

/** Throws the reason for which this host cannot run the tasks of a pool. */
export function assertServable({ protocol, node, where }: PoolHeader, labels: readonly string[]): void {
  const missing = where.filter((label) => !labels.includes(label));
  if (protocol !== PROTOCOL) throw new Error('the program has another version of multiproc');
  if (node > NODE) throw new Error(`the program runs on Node ${node}, and the host on Node ${NODE}`);
  if (missing.length > 0) throw new Error(`the host lacks the label ${missing.join(', ')}`);
}
