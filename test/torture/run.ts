// `npm run torture -- --minutes 10 --seed 7`
import { parseArgs } from 'node:util';
import { torture } from './torture.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Date.now() % 1e9);
console.log(`Torture for ${minutes} minutes, seed ${seed}.`);
const { disturbances, items, lost } = await torture(minutes, seed);
const total = Object.values(disturbances).reduce((sum, count) => sum + count, 0);
const kinds = Object.entries(disturbances).map(([way, count]) => `${way} ${count}`);
console.log(
  `${total} disturbances (${kinds.join(', ')}); ${items} items came through, ${lost} died with their forwarder.`,
);
process.exit(0);
