/** Each rule has a page, and its address leads there. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { rulePage } from '../../src/lint/rule-url.ts';
import { lintRules } from '../../src/lint/rules.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const root = path.resolve(import.meta.dirname, '../..');

test('a finding has the address of its page in the repository', async () => {
  const { repository } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [finding] = await lintDockerfile(parseDockerfile('FROM alpine\n'));
  const address = repository.url.replace(/^git\+|\.git$/g, '');
  expect(finding!.url).toBe(`${address}/blob/main/docs/rules/untagged-base.md`);
});

test.each(lintRules)('$name has a page with its examples', ({ name, bad, good }) => {
  const page = readFileSync(path.join(root, 'docs/rules', rulePage(name)), 'utf8');
  expect(page).toContain(`# ${name}\n`);
  for (const text of [...bad, ...good]) expect(page).toContain(text);
});
