/** The rules on Dockerfiles as people write them: the examples of this repository and the golden cases. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { lintRules } from '../../src/lint/rules.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { goldenNames, readCase } from '../golden/cases.ts';
import { applyFix } from './apply-fix.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');

function texts(): string[] {
  const names = readdirSync(examples, { recursive: true, encoding: 'utf8' });
  const ours = names.filter((name) => /(?:^|\/)Dockerfile$/.test(name) && !name.includes('node_modules'));
  const golden = goldenNames().map((name) => String(readCase(name).files.get('Dockerfile') ?? ''));
  return [...ours.map((name) => readFileSync(path.join(examples, name), 'utf8')), ...golden];
}

test('safe fixes leave a Dockerfile that can be parsed, and that they change no more', async () => {
  const rules = new Map(lintRules.map(({ name }) => [name, 'warning'] as const));
  let fixed = 0;
  for (const text of texts()) {
    const dockerfile = parseDockerfile(text);
    if (dockerfile.diagnostics.length > 0) continue;
    const fixes = (await lintDockerfile(dockerfile, { rules }))
      .map(({ fix }) => fix)
      .filter((fix) => fix?.safety === 'safe');
    if (fixes.length === 0) continue;
    fixed++;
    const once = applyFix(text, fixes);
    const again = parseDockerfile(once);
    expect(again.diagnostics, once).toEqual([]);
    const left = (await lintDockerfile(again, { rules })).filter(({ fix }) => fix?.safety === 'safe');
    expect(left, once).toEqual([]);
  }
  expect(fixed).toBeGreaterThan(5);
});
