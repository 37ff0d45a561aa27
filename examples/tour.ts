// Runs the article's programs one after the other, each as its own program, and shows what they print: `npm start`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const programs = readdirSync(here).filter((name) => /^\d.*\.js$/.test(name));

for (const program of programs.sort()) {
  console.log(`\n=== examples/${program.replace('.js', '.ts')}\n`);
  const { status } = spawnSync(process.execPath, [here + program], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
