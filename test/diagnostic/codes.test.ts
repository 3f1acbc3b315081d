/** The table of codes says what there is: no more, no less. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ruleTable } from '../../src/buildkit-rules/rules.ts';
import {
  DiagnosticError,
  describeError,
  diagnosticError,
  wireMessage,
  withLocation,
} from '../../src/diagnostic/diagnostic.ts';
import { adviceTexts, errorTexts } from '../../src/diagnostic/texts.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const texts = { ...errorTexts, ...adviceTexts };
const root = path.resolve(import.meta.dirname, '../../src');
/** All modules but the tables of codes themselves. */
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !/^gen\/|^diagnostic\/(?:codes|texts)\.ts$/.test(name),
);
const sources = files.map((name) => readFileSync(path.join(root, name), 'utf8')).join('\n');

test('the tables of codes are not among the modules that make diagnostics', () => {
  expect(files).toContain('diagnostic/diagnostic.ts');
  expect(files.filter((name) => /codes|texts/.test(name))).toEqual([]);
});

test.each(Object.keys(texts))('%s is made somewhere', (code) => {
  expect(sources).toContain(`'${code}'`);
});

test('no code is that of a rule', () => {
  expect(ruleTable.filter(({ rule: { name } }) => Object.hasOwn(texts, name))).toEqual([]);
});

test('what the reference says of the place is in the wire message alone', () => {
  const [problem] = parseDockerfile('FROM a\nCOPPY b\n').diagnostics;
  expect(problem).toMatchObject({ phase: 'instructions', message: 'unknown instruction: COPPY (did you mean COPY?)' });
  expect(wireMessage(problem!)).toBe(`dockerfile parse error on line 2: ${problem!.message}`);
});

test('a diagnostic stays as it is when more becomes known', () => {
  const error = diagnosticError('bad-port', 'no port', { hint: 'first' });
  const before = structuredClone(error.diagnostics);
  const located = withLocation(new Error(`outer: ${error.message}`, { cause: error }), { start: 2, end: 3 });
  expect(error.diagnostics).toEqual(before);
  expect(located.diagnostics[0]).toMatchObject({
    code: 'bad-port',
    message: 'outer: no port',
    lines: [{ start: 2, end: 3 }],
    hint: 'first',
  });
  expect(describeError(located, 'build', { hint: 'second' }).diagnostics[0].hint).toBe('first');
});

test('what is put around several problems is put around the first', () => {
  const [one, two] = ['one', 'two'].map((name) => diagnosticError('bad-port', name).diagnostics[0]);
  const error = new DiagnosticError([one!, two!]);
  expect(error.message).toBe('one\n1 more problem:\n  two');
  const outer = new Error(`outer: ${error.message}`, { cause: error });
  expect(describeError(outer, 'build').diagnostics.map(({ message }) => message)).toEqual(['outer: one', 'two']);
});
