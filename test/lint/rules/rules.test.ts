/** Every rule reports what its page calls bad, and accepts what its page calls good. */
import { describe, expect, test } from 'vitest';
import type { LintRuleName } from '../../../src/diagnostic/codes.ts';
import type { Diagnostic } from '../../../src/diagnostic/diagnostic.ts';
import { lintDockerfile } from '../../../src/lint/lint.ts';
import { lintRules } from '../../../src/lint/rules.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';

/** What one rule finds in a Dockerfile, whatever its level is. */
async function findings(name: LintRuleName, text: string): Promise<readonly Diagnostic[]> {
  const dockerfile = parseDockerfile(text);
  expect(dockerfile.diagnostics).toEqual([]);
  const found = await lintDockerfile(dockerfile, { rules: new Map([[name, 'warning']]) });
  return found.filter(({ code }) => code === name);
}

describe.each(lintRules)('$name', ({ name, bad, good }) => {
  test.each(bad)('reports the bad example %j', async (text) => {
    expect(await findings(name, text)).not.toEqual([]);
  });

  test.each(good)('accepts the good example %j', async (text) => {
    expect(await findings(name, text)).toEqual([]);
  });
});
