// Popular packages in tasks, as `npm run packages` tries many more of. They come from the registry, into a folder of their own.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { folderWith } from '../folder.ts';

interface Use {
  readonly name: string;
  readonly more?: string;
  readonly tested?: boolean;
}
const script = (name: string) => import(pathToFileURL(resolve(`scripts/${name}.mjs`)).href);
const { install, tryOne } = (await script('packages')) as {
  install(names: readonly string[], folder: string): string | undefined;
  tryOne(use: Use, folder: string, number: number): Promise<string>;
};
const { libraries, made } = (await script('popular-packages')) as { libraries: readonly Use[]; made: readonly Use[] };

const folder = folderWith();
const uses = [...libraries, ...made].filter(({ tested }) => tested);

test('popular packages work in a task', { concurrency: 2, timeout: 600_000 }, async (t) => {
  const problem = install(
    uses.map(({ name }) => name),
    folder,
  );
  if (problem !== undefined) {
    assert.equal(process.env.CI, undefined, problem);
    t.skip(`without the registry: ${problem}`);
    return;
  }
  await Promise.all(
    uses.map((use, i) =>
      t.test(`${use.name} ${use.more ?? ''}`, async () => {
        assert.match(await tryOne(use, folder, i), /^(works$|refused)/);
      }),
    ),
  );
});
