import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SerializationError } from 'multiproc';
import { decoders } from '#dist/codec/spares.js';
import 'multiproc/cluster';
import 'multiproc/connection';
import 'multiproc/managers';
import 'multiproc/shared-memory';
import { type Form, type Reach, reach, registerExtension, registeredExtensions } from '#dist/codec/extension.js';
import { letter, writeFormHead } from './letter.ts';

const readme = readFileSync(fileURLToPath(new URL('../../../src/codec/README.md', import.meta.url)), 'utf8');
const everywhere = [reach.FAMILY, reach.TRUSTED, reach.ANYBODY];

function decode(bytes: Uint8Array, far: Reach): unknown {
  const noBlob = () => assert.fail('it has none');
  return decoders.with((decoder) => decoder.decode(bytes, 0, bytes.length, noBlob, [], far));
}

/** Runs `use` with another `read` for the form. */
function reading(form: Form, read: Form['read'], use: () => void): void {
  const own = form.read;
  Object.assign(form, { read });
  try {
    use();
  } finally {
    Object.assign(form, { read: own });
  }
}

describe('the table of forms', () => {
  test('the table of forms is what the extensions declare', () => {
    const section = readme.split('## The door')[1]!.split('\n## ')[0]!;
    const shown = [...section.matchAll(/^\|([^|]*)\|([^|]*)\| (\d+)([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)];
    let [id, name] = ['', ''];
    const rows = shown.map(([, ...cells]) => {
      const [first, second, number, formName, fields, ...may] = cells.map((cell) => cell.trim());
      if (first !== '') [id, name] = [first!, second!];
      const far = may.filter((words) => words !== 'refused').length - 1;
      assert.ok(
        may.every((words, i) => words !== '' && i > far === (words === 'refused')),
        cells.join('|'),
      );
      return { id: Number(id), name, number: Number(number), formName, fields, reach: far };
    });
    const declared = registeredExtensions().flatMap(({ extension, forms }) =>
      forms.map((form, number) => ({
        id: extension.id,
        name: extension.name,
        number,
        formName: forms.length === 1 ? '' : form.name,
        fields: form.fields.join(' '),
        reach: form.reach,
      })),
    );
    declared.sort((a, b) => a.id - b.id || a.number - b.number);
    assert.deepEqual(rows, declared);
  });
});

describe('a form', () => {
  for (const { extension, forms } of registeredExtensions()) {
    for (const [number, form] of forms.entries()) {
      test(`a form is read from where it may come, and nowhere else: ${extension.name}, ${form.name}`, () => {
        const bytes = letter((out) => writeFormHead(extension.id, number, out));
        for (const far of everywhere) {
          const arrived = {};
          let isRead = false;
          const read = () => {
            isRead = true;
            return arrived;
          };
          reading(form, read, () => {
            if (far <= form.reach) assert.equal(decode(bytes, far), arrived);
            else assert.throws(() => decode(bytes, far), { name: 'SerializationError', message: /may not come from/ });
          });
          assert.equal(isRead, far <= form.reach);
        }
      });
    }
  }

  test('a form that does not say how far it goes comes from nobody', () => {
    registerExtension({
      id: 250,
      name: 'undeclared',
      forms: [
        { name: 'declared', reach: reach.FAMILY, fields: [], read: () => ({}) },
        { name: 'not', fields: [], read: () => assert.fail('it was read') } as unknown as Form,
      ],
      matches: (value): value is object => false && value,
      write() {},
    });
    assert.deepEqual(
      decode(
        letter((out) => writeFormHead(250, 0, out)),
        reach.FAMILY,
      ),
      {},
    );
    for (const far of everywhere) {
      assert.throws(
        () =>
          decode(
            letter((out) => writeFormHead(250, 1, out)),
            far,
          ),
        SerializationError,
      );
      // Nor one that there is not.
      assert.throws(
        () =>
          decode(
            letter((out) => writeFormHead(250, 7, out)),
            far,
          ),
        SerializationError,
      );
    }
  });

  test('a form names no place in the heap if it comes from outside of the family, whatever it declares', () => {
    registerExtension({
      id: 251,
      name: 'with a handle',
      reach: reach.ANYBODY,
      fields: ['handle'],
      matches: (value): value is object => false && value,
      write() {},
      read: (input) => [input.handle()],
    });
    const bytes = letter((out) => {
      writeFormHead(251, 0, out);
      out.uint(0);
    });
    const at = (far: Reach) =>
      decoders.with((decoder) => decoder.decode(bytes, 0, bytes.length, () => new ArrayBuffer(0), [64], far));
    assert.deepEqual(at(reach.FAMILY), [64]);
    for (const far of [reach.TRUSTED, reach.ANYBODY]) assert.throws(() => at(far), SerializationError);
  });
});
