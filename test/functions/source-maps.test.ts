/** Stacks of functions whose script has a source map. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fixtures } from './run-fixture.ts';

// Beside the fixtures, so that multiproc is found.
const scratch = mkdtempSync(join(fixtures, 'scratch-'));
after(() => rmSync(scratch, { recursive: true }));

const lines = [
  "import { Pool } from 'multiproc';",
  'const pool = new Pool(1);',
  "const fails = () => { throw new Error('boom'); };",
  'console.log(await pool.apply(fails).catch((error) => error.stack));',
  'pool.terminate();',
];
/** Its only line is from line 11, column 5 of src/b.ts. */
const ofLine = { version: 3, sourceRoot: 'src', sources: ['a.ts', 'b.ts'], names: [], mappings: 'ACUI' };
/** The third line, as a part of all of them. */
const section = { offset: { line: 2, column: 0 }, map: ofLine };
const rest = { offset: { line: 0, column: 0 }, map: { version: 3, sources: ['c.ts'], names: [], mappings: 'AAAA' } };

for (const [kind, map] of Object.entries({
  'a map': { ...ofLine, mappings: ';;ACUI' },
  'an index map': { version: 3, sections: [rest, section] },
  'an index map within an index map': { version: 3, sections: [rest, { ...section, map: indexOf(ofLine) }] },
})) {
  test(`${kind} that knows lines only, in a file of its own, gives the line of the source`, () => {
    writeFileSync(join(scratch, 'main.mjs.map'), JSON.stringify(map));
    assert.match(stackWith('main.mjs.map'), /^Error: boom\n.*fails.*\/src\/b\.ts:11:5\)?\n/);
  });
  test(`${kind} that knows lines only, inline, gives the line of the source`, () => {
    const text = Buffer.from(JSON.stringify(map)).toString('base64');
    assert.match(stackWith(`data:application/json;base64,${text}`), /^Error: boom\n.*fails.*\/src\/b\.ts:11:5\)?\n/);
  });
}

test('a map that cannot be read leaves the compiled place', () => {
  assert.match(stackWith('missing.map'), /^Error: boom\n.*fails.*main\.mjs:3:29\)?\n/);
});

function indexOf(map: object): object {
  return { version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] };
}

function stackWith(mapUrl: string): string {
  writeFileSync(join(scratch, 'main.mjs'), [...lines, `//# sourceMappingURL=${mapUrl}`].join('\n'));
  const { stdout, stderr } = spawnSync(process.execPath, ['--enable-source-maps', 'main.mjs'], {
    cwd: scratch,
    encoding: 'utf8',
  });
  return stdout || stderr;
}
