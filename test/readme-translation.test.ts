// README.zh-CN.md says in Chinese what README.md says: the same sections, the same programs, the same names, the same links.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const root = new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url);
const english = readFileSync(new URL('README.md', root), 'utf8');
const chinese = readFileSync(new URL('README.zh-CN.md', root), 'utf8');

/** Everything in `page` that matches `pattern`, in its order. */
const all = (page: string, pattern: RegExp): string[] => page.match(pattern) ?? [];
const codeBlock = /^```\w*\n[\s\S]*?^```$/gm;
const withoutCode = (page: string): string => page.replaceAll(codeBlock, '');

describe('README.zh-CN.md and README.md', () => {
  test('README.zh-CN.md and README.md have headings of the same levels in the same order', () => {
    const levels = (page: string) => all(withoutCode(page), /^#+(?= )/gm);
    assert.ok(levels(english).length >= 7);
    assert.deepEqual(levels(chinese), levels(english));
  });

  test('README.zh-CN.md and README.md have the same code blocks', () => {
    assert.ok(all(english, codeBlock).length >= 3);
    assert.deepEqual(all(chinese, codeBlock), all(english, codeBlock));
  });

  test('README.zh-CN.md and README.md name the same things in code, section by section', () => {
    const names = (page: string) =>
      withoutCode(page)
        .split(/^## /m)
        .map((section) => all(section, /`[^`\n]+`/g).sort());
    assert.deepEqual(names(chinese), names(english));
  });

  test('README.zh-CN.md and README.md have tables of as many rows, and lists of as many items', () => {
    for (const line of [/^\|/gm, /^- /gm]) assert.equal(all(chinese, line).length, all(english, line).length);
  });

  test('README.zh-CN.md and README.md lead to the same pages, and to each other', () => {
    const links = (page: string) =>
      all(page, /\]\([^)]+\)/g)
        .filter((link) => !/README/.test(link))
        .sort();
    assert.deepEqual(links(chinese), links(english));
    assert.match(english, /\(README\.zh-CN\.md\)/);
    assert.match(chinese, /\(README\.md\)/);
  });
});
