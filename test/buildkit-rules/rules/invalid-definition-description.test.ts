import { expect, test } from 'vitest';
import { findings } from './findings.ts';

const text = '# x y\nFROM a AS b\n# q\nARG A=1 B\n# A is fine\nARG A\n#\nARG C\n# b fine\nFROM a AS B\nFROM b\n';

test('InvalidDefinitionDescription reports comments above stages and ARGs that do not begin with the name', () => {
  expect(findings(text, 'experimental=all;skip=all')).toEqual([
    'InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>` (line 2)',
    'InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>` (line 4)',
  ]);
});

test('InvalidDefinitionDescription is silent unless experimental rules are on', () => {
  expect(findings(text).filter((line) => line.startsWith('InvalidDef'))).toEqual([]);
});
