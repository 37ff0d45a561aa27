import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test("examples/1-queue prints what the article's session prints", { timeout: 60_000 }, async () => {
  const program = fileURLToPath(new URL('../../examples/1-queue.js', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program]);
  assert.equal(stderr, '');
  assert.equal(
    stdout.replace(/(Empty|Full): .*/g, '$1'),
    `>>> q.qsize()
3
>>> q.get()
'yang'
>>> q.get()
4
>>> q.get()
[ 'yan', 'xing' ]
>>> q.empty()
true
>>> q.getNowait()
Empty
>>> q.full()
true
>>> q.putNowait('one too many')
Full
`,
  );
});
