import { describe, expect, test } from 'vitest';
import { type CheckConfig, noCheckConfig, parseCheckConfig } from '../../src/check/config.ts';
import { createLinter, type Finding, formatFinding } from '../../src/check/linter.ts';
import { invalidDefinitionDescription, maintainerDeprecated, stageNameCasing } from '../../src/check/rules.ts';

describe('check options', () => {
  test('are read with blanks around everything', () => {
    expect(parseCheckConfig(' skip = A , B ; experimental=all;error = TRUE ')).toEqual({
      skip: ['A', 'B'],
      experimental: 'all',
      error: true,
    });
  });

  test('nothing is the default', () => {
    expect(parseCheckConfig(' \t')).toEqual(noCheckConfig);
  });

  test('all cannot be taken back', () => {
    expect(parseCheckConfig('skip=all;skip=A').skip).toBe('all');
    expect(parseCheckConfig('skip=A;skip=B').skip).toEqual(['B']);
  });

  test.each([
    ['skip', 'invalid check option "skip"'],
    ['skip=A;', 'invalid check option ""'],
    ['nope=1', 'invalid check option "nope"'],
    ['error=maybe', 'failed to parse check option "error=maybe": strconv.ParseBool: parsing "maybe": invalid syntax'],
    // Only three options are separated.
    [
      'skip=A;skip=B;error=true;skip=C',
      'failed to parse check option "error=true;skip=C": strconv.ParseBool: parsing "true;skip=C": invalid syntax',
    ],
  ])('%s: %s', (text, message) => {
    expect(() => parseCheckConfig(text)).toThrow(new Error(message));
  });
});

function collect(config: Partial<CheckConfig>) {
  const found: string[] = [];
  const linter = createLinter({ ...noCheckConfig, ...config }, (finding: Finding) => found.push(finding.rule.name));
  return { found, linter };
}

const lines = { start: 3, end: 4 };

describe('linter', () => {
  test('skips what it is told to, but not experimental rules', () => {
    const { found, linter } = collect({ skip: 'all', experimental: ['InvalidDefinitionDescription'] });
    linter.run(stageNameCasing, lines, 'x');
    linter.run(invalidDefinitionDescription, lines, 'x');
    expect(found).toEqual(['InvalidDefinitionDescription']);
  });

  test('experimental rules are off', () => {
    const { found, linter } = collect({});
    linter.run(invalidDefinitionDescription, lines, 'x');
    linter.run(stageNameCasing, lines, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a comment skips for its instruction alone', () => {
    const { found, linter } = collect({});
    linter.withComments(['why', 'Check = skip=StageNameCasing rest']).run(stageNameCasing, lines, 'x');
    expect(found).toEqual([]);
    linter.run(stageNameCasing, lines, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a bad comment ends the search', () => {
    const { found, linter } = collect({});
    linter.withComments(['check=nope=1', 'check=skip=all']).run(stageNameCasing, lines, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a comment option ends at a space', () => {
    const { found, linter } = collect({});
    linter.withComments(['check=skip=A, StageNameCasing']).run(stageNameCasing, lines, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('violations are an error when asked for, once each', () => {
    const { linter } = collect({ error: true });
    expect(linter.error()).toBeUndefined();
    linter.run(stageNameCasing, lines, 'x');
    linter.withComments(['check=skip=A']).run(maintainerDeprecated, lines, 'x');
    linter.run(stageNameCasing, lines, 'x');
    expect(linter.error()?.message).toBe('lint violation found for rules: StageNameCasing, MaintainerDeprecated');
  });

  test('without a receiver nothing is a violation', () => {
    const linter = createLinter({ ...noCheckConfig, error: true }, undefined);
    linter.run(stageNameCasing, lines, 'x');
    expect(linter.error()).toBeUndefined();
  });

  test('findings as shown', () => {
    const finding = { rule: stageNameCasing, message: stageNameCasing.format('A'), lines };
    expect(formatFinding(finding)).toBe("StageNameCasing: Stage name 'A' should be lowercase (line 3)");
    expect(formatFinding({ ...finding, lines: undefined })).toBe("StageNameCasing: Stage name 'A' should be lowercase");
  });
});
