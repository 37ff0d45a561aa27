// Compiles src/ to dist/ (what is published), then tests, examples and benchmarks to build/.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

for (const folder of ['dist', 'build']) rmSync(folder, { recursive: true, force: true });
for (const project of ['tsconfig.json', 'tsconfig.programs.json']) {
  const { status } = spawnSync('tsc', ['-p', project], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
