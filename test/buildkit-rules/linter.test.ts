import { describe, expect, test } from 'vitest';
import { type CheckConfig, noCheckConfig, parseCheckConfig } from '../../src/buildkit-rules/check-options.ts';
import { createLinter, formatFinding } from '../../src/buildkit-rules/linter.ts';
import { invalidDefinitionDescription } from '../../src/buildkit-rules/rules/invalid-definition-description.ts';
import { maintainerDeprecated } from '../../src/buildkit-rules/rules/maintainer-deprecated.ts';
import { stageNameCasing } from '../../src/buildkit-rules/rules/stage-name-casing.ts';
import { workdirRelativePath } from '../../src/buildkit-rules/rules/workdir-relative-path.ts';

describe('check options', () => {
  test('check options are read with blanks around everything', () => {
    expect(parseCheckConfig(' skip = A , B ; experimental=all;error = TRUE ')).toEqual({
      skip: ['A', 'B'],
      experimental: 'all',
      error: true,
    });
  });

  test('blank check options are the default ones', () => {
    expect(parseCheckConfig(' \t')).toEqual(noCheckConfig);
  });

  test('check options cannot take back skip=all', () => {
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
  ])('%s are refused: %s', (text, message) => {
    expect(() => parseCheckConfig(text)).toThrow(new Error(message));
  });
});

function collect(config: Partial<CheckConfig>) {
  const found: string[] = [];
  const linter = createLinter({ ...noCheckConfig, ...config }, (finding) => found.push(finding.code));
  return { found, linter };
}

const lines = { start: 3, end: 4 };

describe('linter', () => {
  test('skips what it is told to, but not experimental rules', () => {
    const { found, linter } = collect({ skip: 'all', experimental: ['InvalidDefinitionDescription'] });
    linter.report(stageNameCasing, { lines }, 'x');
    linter.report(invalidDefinitionDescription, { lines }, 'ARG', 'x');
    expect(found).toEqual(['InvalidDefinitionDescription']);
  });

  test('experimental rules are off', () => {
    const { found, linter } = collect({});
    linter.report(invalidDefinitionDescription, { lines }, 'ARG', 'x');
    linter.report(stageNameCasing, { lines }, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a comment skips for its instruction alone', () => {
    const { found, linter } = collect({});
    linter.withComments(['why', 'Check = skip=StageNameCasing rest']).report(stageNameCasing, { lines }, 'x');
    expect(found).toEqual([]);
    linter.report(stageNameCasing, { lines }, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a bad comment ends the search', () => {
    const { found, linter } = collect({});
    linter.withComments(['check=nope=1', 'check=skip=all']).report(stageNameCasing, { lines }, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('a comment option ends at a space', () => {
    const { found, linter } = collect({});
    linter.withComments(['check=skip=A, StageNameCasing']).report(stageNameCasing, { lines }, 'x');
    expect(found).toEqual(['StageNameCasing']);
  });

  test('without values, rules about values report nothing, also below a comment with check options', () => {
    const { found, linter } = collect({});
    const unknowing = linter.withoutValues();
    for (const it of [unknowing, unknowing.withComments(['check=skip=A'])])
      it.report(workdirRelativePath, { lines }, 'x');
    expect(found).toEqual([]);
    unknowing.report(stageNameCasing, { lines }, 'x');
    linter.report(workdirRelativePath, { lines }, 'x');
    expect(found).toEqual(['StageNameCasing', 'WorkdirRelativePath']);
  });

  test('violations are an error when asked for, once each', () => {
    const { linter } = collect({ error: true });
    expect(linter.error()).toBeUndefined();
    linter.report(stageNameCasing, { lines }, 'x');
    linter.withComments(['check=skip=A']).report(maintainerDeprecated, { lines });
    linter.report(stageNameCasing, { lines }, 'x');
    expect(linter.error()?.message).toBe('lint violation found for rules: StageNameCasing, MaintainerDeprecated');
  });

  test('a linter without a receiver reports nothing', () => {
    const linter = createLinter({ ...noCheckConfig, error: true }, undefined);
    linter.report(stageNameCasing, { lines }, 'x');
    expect(linter.error()).toBeUndefined();
  });

  test('a finding is shown with its rule, message and line', () => {
    const finding = { code: 'StageNameCasing', message: stageNameCasing.message('A'), lines: [lines] } as const;
    expect(formatFinding(finding)).toBe("StageNameCasing: Stage name 'A' should be lowercase (line 3)");
    expect(formatFinding({ ...finding, lines: [undefined] })).toBe(
      "StageNameCasing: Stage name 'A' should be lowercase",
    );
  });
});
