// What programs under load write down, and what must be true of it.
import { linesOf } from './stage.ts';

/** Returns the code of a program under load, which says in a file what it submits and how each promise settles. */
export function programCode(cluster: object, diary: string, starts: string): string {
  return `
    const { Pool } = require('multiproc');
    const { appendFileSync } = require('node:fs');
    const say = (line) => appendFileSync(${JSON.stringify(diary)}, line + '\\n');
    const work = async (id, to, ms) => {
      process.getBuiltinModule('node:fs').appendFileSync(to, id + '\\n');
      await new Promise((resolve) => globalThis.setTimeout(resolve, ms));
      return id;
    };
    let isOver = false;
    process.stdin.on('data', () => {}).on('end', () => { isOver = true; });
    (async () => {
      let pool = new Pool({ cluster: ${JSON.stringify(cluster)} });
      for (let n = 0; !isOver; ) {
        const names = await Promise.all(Array.from({ length: 8 }, () => {
          const id = process.pid + '-' + ++n;
          const retries = n % 2 === 0 ? 0 : 9;
          say('submit ' + id + ' ' + retries);
          return pool.apply(work, [id, ${JSON.stringify(starts)}, n % 5 * 20], { retries }).then(
            (value) => { say('settled ' + id + ' ' + (value === id ? 'ok' : 'wrong')); },
            (error) => { say('settled ' + id + ' ' + error.constructor.name + ' ' + error.message.replaceAll('\\n', ' ')); return error.constructor.name; },
          );
        }));
        // Its gateway was killed: another pool has another.
        if (names.includes('EndOfStreamError')) pool = new Pool({ cluster: ${JSON.stringify(cluster)} });
      }
      pool.close();
      await pool.join();
      say('ended ' + process.pid);
      process.exit(0);
    })();`;
}

/** What is found in a diary. */
interface Found {
  readonly submitted: number;
  /** How many tasks have ended how. */
  readonly ends: Record<string, number>;
  /** What must not be. */
  readonly wrong: string[];
}

/** Reads the diary and the file of starts. Tasks of `killed` programs need not have settled; those of `stopped` ones that may not run again may be lost. */
export function readDiary(
  diary: string,
  starts: string,
  killed: ReadonlySet<number>,
  stopped: ReadonlySet<number> = new Set(),
): Found {
  const startsOf = new Map<string, number>();
  for (const id of linesOf(starts)) startsOf.set(id, (startsOf.get(id) ?? 0) + 1);
  const settled = new Map<string, string[]>();
  const submitted = new Map<string, number>();
  for (const line of linesOf(diary)) {
    const [what, id, ...rest] = line.split(' ') as [string, string, ...string[]];
    if (what === 'submit') submitted.set(id, Number(rest[0]));
    if (what === 'settled') settled.set(id, [...(settled.get(id) ?? []), rest.join(' ')]);
  }
  const ends: Record<string, number> = {};
  const wrong: string[] = [];
  for (const [id, retries] of submitted) {
    const [end, ...more] = settled.get(id) ?? [];
    const begun = startsOf.get(id) ?? 0;
    const word = end?.split(' ')[0];
    const program = Number(id.split('-')[0]);
    if (more.length > 0) wrong.push(`${id} settled ${1 + more.length} times`);
    if (begun > 1 + retries) wrong.push(`${id} was started ${begun} times, with ${retries} retries`);
    if (word === 'ok' && begun === 0) wrong.push(`${id} has a result and was never started`);
    if (word === undefined && !killed.has(program)) wrong.push(`${id} never settled`);
    const mayBeLost = retries === 0 && stopped.has(program);
    const known = ['ok', 'WorkerLostError', 'EndOfStreamError', ...(mayBeLost ? ['ClusterError'] : [])];
    if (word !== undefined && !known.includes(word)) wrong.push(`${id}: ${end}`);
    const name = `${word ?? 'its program was killed'}, retries ${retries}`;
    ends[name] = (ends[name] ?? 0) + 1;
  }
  return { submitted: submitted.size, ends, wrong };
}
