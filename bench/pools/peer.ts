// Another pool as a contender: `node peer.js <package> <scenario> <count>` prints its values as JSON, as ../contender.ts does.
import { allAtOnce, oneAtATime } from './measure.ts';
import { startPeer } from './running-pool.ts';

const measures = { 'pool-apply': oneAtATime, 'pool-apply-many': allAtOnce };

const [, , name, scenario, count] = process.argv;
const pool = await startPeer(name!);
console.log(JSON.stringify([await measures[scenario as keyof typeof measures](pool, Number(count))]));
await pool.end();
