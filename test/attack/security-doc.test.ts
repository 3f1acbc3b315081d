/** Every promise of SECURITY.md has a test, and every test that it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const text = readFileSync(path.join(root, 'SECURITY.md'), 'utf8');

/** `[file](path) "name"`; what another change brings is marked as pending. */
const references = [...text.matchAll(/(PENDING )?\[[^\]]+\]\((test\/[^)]+)\)(?: "([^"]+)")?/g)].map(
  ([, pending, file = '', name = '']) => ({ pending: pending !== undefined, file, name }),
);

describe('SECURITY.md names', () => {
  test.each(references.filter(({ pending }) => !pending))('$file "$name"', ({ file, name }) => {
    expect(existsSync(path.join(root, file)), `${file} is missing`).toBe(true);
    expect(name, `${file} without the name of a test`).not.toBe('');
    const titles = readFileSync(path.join(root, file), 'utf8').match(/(['"`]).*\1/g) ?? [];
    expect(titles.filter((title) => title.includes(name))).not.toEqual([]);
  });

  test('a test for each promise', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    let promises = 0;
    let inPromises = false;
    for (const [, first = '', second = ''] of rows.map((row) => row.split('|').map((cell) => cell.trim()))) {
      if (first === 'promise' || first === 'who' || first === 'what') inPromises = first === 'promise';
      else if (inPromises && !/^-+$/.test(first)) {
        promises++;
        expect(second, first).toMatch(/\]\(test\/[^)]+\) "/);
      }
    }
    expect(promises).toBeGreaterThan(30);
  });
});
