import { expect, test } from 'vitest';
import { exportDescriptions } from '../../src/program/descriptions.ts';

const describe = (text: string) => Object.fromEntries(exportDescriptions(text));

test.each([
  ['a function', '/** Tests. */\nexport function test() {}', { test: 'Tests.' }],
  ['an asynchronous function', '/** Tests. */ export async function test() {}', { test: 'Tests.' }],
  ['a constant', '/** Tests. */\nexport const test = () => {};', { test: 'Tests.' }],
  ['a variable', '/** Tests. */\nexport let größe$ = 1;', { größe$: 'Tests.' }],
  ['the default', '/** App. */\nexport default async function app() {}', { default: 'App.' }],
  ['the default without a name', '/** App. */\nexport default () => {};', { default: 'App.' }],
  ['the default that is a variable', '/** App. */\nexport default app;', { default: 'App.' }],
  ['several lines', '/**\n * One\n * two.\n */\nexport const a = 1;', { a: 'One two.' }],
  ['the first paragraph', '/**\n * One.\n *\n * Two.\n */\nexport const a = 1;', { a: 'One.' }],
  ['what is before tags', '/**\n * One.\n * @example x\n */\nexport const a = 1;', { a: 'One.' }],
  ['nothing in it', '/** */\nexport const a = 1;', { a: '' }],
  ['a tag only', '/** @internal */\nexport const a = 1;', { a: '' }],
  ['asterisks', '/** a ** b * c **/\nexport const a = 1;', { a: 'a ** b * c *' }],
  ['Windows lines', '/**\r\n * One.\r\n */\r\nexport const a = 1;\r\n', { a: 'One.' }],
  ['the nearest comment', '/** File. */\n\n/** A. */\nexport const a = 1;', { a: 'A.' }],
])('the description of a target is read from its docstring: %s', (_, text, expected) => {
  expect(describe(text)).toEqual(expected);
});

test.each([
  ['a plain comment', '/* A. */\nexport const a = 1;'],
  ['what is not exported', '/** A. */\nconst a = 1;\nexport { a };'],
  ['a comment that is not before it', '/** A. */\nconst b = 1;\nexport const a = 1;'],
  ['a comment without an end', '/** A.\nexport const a = 1;'],
])('%s is not a description', (_, text) => {
  expect(describe(text)).toEqual({});
});

test('comments without an end take no time', () => {
  expect(describe('/**'.repeat(300_000))).toEqual({});
  expect(describe(`${'/** a */ '.repeat(100_000)}`)).toEqual({});
  expect(describe(`/** a */${' '.repeat(300_000)}x`)).toEqual({});
});
