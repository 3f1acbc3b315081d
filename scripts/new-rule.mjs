// `npm run new:rule -- RuleName "What should be"`: makes the file of a lint rule of tsfront's own, and adds it to the
// tables. With `--buildkit` it makes a rule that BuildKit has, which runs in builds, with its test.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const isBuildKit = args.includes('--buildkit');
const [name = '', description = ''] = args.filter((arg) => arg !== '--buildkit');
if (!/^[A-Z][A-Za-z]+$/.test(name) || description === '') {
  console.error('usage: npm run new:rule -- [--buildkit] RuleName "What should be, in one sentence"');
  process.exit(2);
}
const file = name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
const constant = name.charAt(0).toLowerCase() + name.slice(1);
const sentence = description.replace(/\.$/, '');
/** @param {string} text */
const quoted = (text) => JSON.stringify(text).replaceAll("'", "\\'").replace(/^"|"$/g, "'");

if (isBuildKit) makeBuildKitRule();
else makeOwnRule();

function makeOwnRule() {
  const rule = `src/lint/rules/${file}.ts`;
  create(
    rule,
    `import type { Finding, LintRule } from '../rule.ts';

/** ${sentence}. */
export const ${constant}: LintRule = {
  name: '${name}',
  summary: ${quoted(`${sentence}.`)},
  why: 'What goes wrong otherwise, for somebody who does not know.',
  bad: ['FROM alpine:3.22\\nRUN bad\\n'],
  good: ['FROM alpine:3.22\\nRUN good\\n'],
  level: 'off',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        for (const { name, range } of script.commands) {
          if (name !== 'bad') continue;
          yield { instruction, range, message: \`\${name} is bad\`, hint: 'Write good.' };
        }
      }
    }
  },
};
`,
  );
  edit('src/diagnostic/codes.ts', [/(export type LintRuleName =[\s\S]*?);/, `$1\n  | '${name}';`]);
  edit('src/lint/rules.ts', ...linesOfTable(`${constant},`));
  console.log(`Next: why, examples, level and function in ${rule}; test/lint/rules tests them. Run it on real
Dockerfiles before it is on by default. Then \`npm run format && npm run docs\`.`);
}

function makeBuildKitRule() {
  create(
    `src/buildkit-rules/rules/${file}.ts`,
    `import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** ${sentence}. */
export const ${constant} = defineRule({
  name: '${name}',
  description: ${quoted(description)},
  message: (word: string) => \`${description}: \${word}\`,
});

/** Reports a word that the rule forbids. @param word as written */
export function check${name}(linter: Linter, place: Place, word: string): void {
  if (word === '') linter.report(${constant}, place, word);
}
`,
  );
  create(
    `test/buildkit-rules/rules/${file}.test.ts`,
    `import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('${name} reports what it forbids', () => {
  expect(findings('FROM scratch\\n')).toEqual([]);
  expect(findings('FROM scratch\\n# what violates the rule\\n')).toEqual(['${name}: … (line 2)']);
});
`,
  );
  edit('src/diagnostic/codes.ts', [/(export type RuleName =[\s\S]*?);/, `$1\n  | '${name}';`]);
  edit('src/diagnostic/texts.ts', [
    /(export const ruleAdvice[\s\S]*?)\n};/,
    `$1\n  ${name}: 'What to do about it.',\n};`,
  ]);
  edit(
    'src/buildkit-rules/rules.ts',
    ...linesOfTable(`{ rule: ${constant}, calledFrom: ['buildkit-rules/syntax.ts'] },`),
  );
  console.log(`Next: the function in src/buildkit-rules/rules/${file}.ts, its call (src/buildkit-rules/syntax.ts for rules over the tree, src/lower
for rules that need values; name the module in src/buildkit-rules/rules.ts), its advice (src/diagnostic/texts.ts), its test, and \`npm run format && npm run docs\`.`);
}

/**
 * @param {string} name
 * @param {string} text
 */
function create(name, text) {
  if (existsSync(path.join(root, name))) {
    console.error(`${name} is there already`);
    process.exit(1);
  }
  write(name, text);
}

/**
 * The import of the rule below the others, and its line at the end of the table.
 *
 * @param {string} line
 * @returns {[place: RegExp, text: string][]}
 */
function linesOfTable(line) {
  return [
    [/(\n\n\/\*\*\s(?: \* )?Every rule)/, `\nimport { ${constant} } from './rules/${file}.ts';$1`],
    [/(\n\];)/, `\n  ${line}$1`],
  ];
}

/**
 * @param {string} name
 * @param {[place: RegExp, text: string][]} changes
 */
function edit(name, ...changes) {
  let text = readFileSync(path.join(root, name), 'utf8');
  for (const [place, replacement] of changes) {
    if (!place.test(text)) throw new Error(`${name} has no place for a rule any more: mend scripts/new-rule.mjs`);
    text = text.replace(place, replacement);
  }
  write(name, text);
}

/**
 * @param {string} name
 * @param {string} text
 */
function write(name, text) {
  writeFileSync(path.join(root, name), text);
  console.log(name);
}
