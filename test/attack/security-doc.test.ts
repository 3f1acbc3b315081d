/** Every promise of SECURITY.md has a test, and every test that it names is there, under exactly that title. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'SECURITY.md'), 'utf8');

/** `` `test/file` "title" `` */
const references = [...text.matchAll(/`(test\/[^`]+\.ts)`(?: "([^"]+)")?/g)].map(([, file = '', title = '']) => ({
  file,
  title,
}));

/** The titles of tests and groups of tests, as they are written; `%s` in them stands for a case. */
function titlesOf(file: string): string[] {
  const written = /(?:\b(?:describe|test|onEngines)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1).)+)\1,/g;
  return [...readFileSync(path.join(root, file), 'utf8').matchAll(written)].map(([, , title = '']) => title);
}

describe('the table of SECURITY.md', () => {
  test.each(references)('names the test $file "$title"', ({ file, title }) => {
    expect(existsSync(path.join(root, file)), `${file} is missing`).toBe(true);
    expect(title, `${file} without the title of a test`).not.toBe('');
    expect(title, 'a title that tells nothing').toMatch(/ |\w{8}/);
    expect(titlesOf(file).filter((it) => it === title)).toHaveLength(1);
  });

  test('names a test for each promise', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    let promises = 0;
    let inPromises = false;
    for (const [, first = '', second = ''] of rows.map((row) => row.split('|').map((cell) => cell.trim()))) {
      if (first === 'promise' || first === 'who' || first === 'what') inPromises = first === 'promise';
      else if (inPromises && !/^-+$/.test(first)) {
        promises++;
        expect(second, first).toMatch(/^(`test\/[^`]+` "[^"]+"(, )?)+$/);
      }
    }
    expect(promises).toBeGreaterThan(60);
  });
});
