// Runs the compiled tests with node:test: `npm test`, or `npm test -- queue` for the files whose path holds "queue".
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const wanted = process.argv.slice(2);
const files = readdirSync('build/test', { recursive: true })
  .map((name) => `build/test/${name}`)
  .filter((name) => name.endsWith('.test.js') && wanted.every((word) => name.includes(word)))
  .sort();
const node = process.env.TEST_NODE ?? process.execPath;
const { status } = spawnSync(node, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
