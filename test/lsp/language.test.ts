import { expect, test } from 'vitest';
import { openDocument } from '../../src/lsp/documents.ts';
import { directiveTexts } from '../../src/lsp/language/directives.ts';
import { flagTexts } from '../../src/lsp/language/flags.ts';
import { instructionTexts } from '../../src/lsp/language/instructions.ts';
import { mountOptionTexts, mountTypeTexts, sharingTexts } from '../../src/lsp/language/mounts.ts';
import { predefinedVariables } from '../../src/lsp/language/variables.ts';
import { symbolsOf } from '../../src/lsp/symbols.ts';
import { flagsOf } from '../../src/parser/instructions/flags-of.ts';
import { instructionNames } from '../../src/parser/keywords.ts';
import { mountOptions, mountTypes, sharingModes } from '../../src/parser/mount-flag.ts';

test('each instruction that the parser knows is described, and no other', () => {
  expect(Object.keys(instructionTexts).sort()).toEqual(instructionNames.map((name) => name.toLowerCase()).sort());
});

test('each flag that the parser knows is described, and no other', () => {
  for (const name of instructionNames.map((it) => it.toLowerCase()))
    expect(Object.keys(flagTexts[name] ?? {}).sort(), name).toEqual([...flagsOf(name).keys()].sort());
});

test('each type, option and way to share of a mount is described, and no other', () => {
  expect(Object.keys(mountTypeTexts).sort()).toEqual([...mountTypes].sort());
  expect(Object.keys(mountOptionTexts).sort()).toEqual([...mountOptions].sort());
  expect(Object.keys(sharingTexts).sort()).toEqual([...sharingModes].sort());
});

test('each argument that every build has is described, and no other', () => {
  const settings = { buildArgs: {}, platform: '', target: '' };
  const { predefined } = symbolsOf(openDocument('untitled:x', 'dockerfile', 1, ''), settings);
  expect(Object.keys(predefinedVariables).sort()).toEqual([...predefined.keys()].sort());
});

test('descriptions are sentences', () => {
  const texts = [
    ...Object.values(instructionTexts).map(({ summary }) => summary),
    ...Object.values(flagTexts).flatMap((flags) => Object.values(flags).map(({ summary }) => summary)),
    ...Object.values(mountOptionTexts).map(({ summary }) => summary),
    ...Object.values(mountTypeTexts),
    ...Object.values(directiveTexts).map(({ summary }) => summary),
    ...Object.values(predefinedVariables),
  ];
  for (const text of texts) expect(text).toMatch(/^[A-Z0-9].*\.$/s);
});
