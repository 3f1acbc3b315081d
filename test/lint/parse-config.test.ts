/** Reads tsfront.json, with comments, and says where what is wrong. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/diagnostic/code-frame.ts';
import { parseLintConfig } from '../../src/lint/parse-config.ts';

const schema = JSON.parse(readFileSync(new URL('../../tsfront.schema.json', import.meta.url), 'utf8'));
const isValid = new Ajv().compile(schema);

const problemsOf = (text: string) => {
  const { problems, source } = parseLintConfig(text);
  return problems.map((it) => formatDiagnostic(source, it));
};

test('levels are read, with comments and trailing commas', () => {
  const { config, ignore, problems } = parseLintConfig(
    '\ufeff// ours\n{ "lint": { "rules": { "UntaggedBase": "off", /* B */ "StageNameCasing": { "level": "error" }, ' +
      '"BrokenArray": "warning", }, "ignore": ["old/**"] } }',
  );
  expect(problems).toEqual([]);
  expect([...config.rules]).toEqual([
    ['UntaggedBase', 'off'],
    ['StageNameCasing', 'error'],
    ['BrokenArray', 'warning'],
  ]);
  expect(ignore.map(({ pattern }) => pattern)).toEqual(['old/**']);
});

test('a mistake has its place, its lines and a suggestion', () => {
  expect(problemsOf('{\n  "lint": {\n    "rules": { "UntagedBase": "off" }\n  }\n}\n')).toEqual([
    'tsfront.json:3:16: error[bad-lint-config]: there is no rule with the name UntagedBase\n' +
      '  2 |   "lint": {\n' +
      '> 3 |     "rules": { "UntagedBase": "off" }\n' +
      '    |                ^^^^^^^^^^^^^\n' +
      '  4 |   }\n' +
      '  hint: Did you mean UntaggedBase?',
  ]);
});

describe.each([
  ['{ "lnt": {} }', '1:3', 'there is no member of the file with the name lnt', 'Did you mean lint?'],
  ['{ "lint": { "rule": {} } }', '1:13', 'there is no member of lint with the name rule', 'Did you mean rules?'],
  ['{ "lint": { "rules": { "x": 1 } } }', '1:24', 'there is no rule with the name x', undefined],
  [
    '{ "lint": { "rules": { "untaggedbase": "off" } } }',
    '1:24',
    'there is no rule with the name untaggedbase',
    'Did you mean UntaggedBase?',
  ],
  [
    '{ "lint": { "rules": { "UntaggedBase": "warn" } } }',
    '1:40',
    'the level of UntaggedBase must be "off", "warning" or "error", but is "warn"',
    'Did you mean "warning"?',
  ],
  [
    '{ "lint": { "rules": { "UntaggedBase": { "max": 1 } } } }',
    '1:42',
    'there is no option of UntaggedBase with the name max',
    'Did you mean level?',
  ],
  ['{ "lint": { "ignore": "x" } }', '1:23', 'ignore must be an array of strings, but is "x"', undefined],
  ['{ "lint": { "ignore": [null] } }', '1:24', 'a member of ignore must be a string, but is null', undefined],
  ['[]', '1:1', 'the file must be an object, but is an array', undefined],
])('the configuration %s', (text, place, message, hint) => {
  test('the configuration is refused at the place of its mistake', () => {
    const [first, ...others] = problemsOf(text);
    expect(first).toContain(`tsfront.json:${place}: error[bad-lint-config]: ${message}\n`);
    if (hint) expect(first).toContain(`hint: ${hint}`);
    expect(others).toEqual([]);
  });

  test('the schema refuses the configuration too', () => {
    expect(isValid(JSON.parse(text))).toBe(false);
  });
});

test.each(['', '{', '{"a":}', '{"lint": {"rules": {}', '{ a: 1 }'])('what is not JSON is refused: %j', (text) => {
  expect(problemsOf(text)).toEqual([expect.stringContaining('this is not JSON: ')]);
});

test('a name that comes twice is refused', () => {
  expect(problemsOf('{ "lint": {}, "lint": {} }')).toEqual([
    expect.stringContaining('1:15: error[bad-lint-config]: lint is given twice'),
  ]);
});

test('the schema accepts what is right', () => {
  const config = {
    $schema: 'x',
    lint: { rules: { UntaggedBase: { level: 'off' }, IgnoreHabit: 'error' }, ignore: ['*'] },
  };
  expect(isValid(config)).toBe(true);
  expect(problemsOf(JSON.stringify(config))).toEqual([]);
});
