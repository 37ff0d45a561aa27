// What Node makes at the first look is looked at in programs of their own: there is one first look in each.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

function run(program: string): unknown {
  const args = ['--no-warnings', '--input-type=module', '-e', program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 }));
}

test('of each global that Node makes at the first look it is known that it is not made before, and that it is made afterwards', () => {
  const wrong = run(`
    import { isMade } from '#dist/engine/is-made.js';
    // A file of a few lines, which gives the class to messages too.
    const small = 'NativeModule internal/worker/clone_dom_exception';
    const wrong = [];
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const wasMade = isMade(name);
      const before = process.moduleLoadList.length;
      Object.getOwnPropertyDescriptor(globalThis, name);
      if (wasMade && process.moduleLoadList.slice(before).some((name) => name !== small)) wrong.push(\`\${name} was not made before\`);
      try {
        globalThis[name];
      } catch {}
      if (!isMade(name)) wrong.push(\`\${name} is made\`);
    }
    console.log(JSON.stringify(wrong));`);
  assert.deepEqual(wrong, []);
});
