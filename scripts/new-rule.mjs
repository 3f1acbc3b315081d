// `npm run new:rule -- RuleName "What should be"`: makes the file of a lint rule with its test, and adds it to the
// tables.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [name = '', description = ''] = process.argv.slice(2);
if (!/^[A-Z][A-Za-z]+$/.test(name) || description === '') {
  console.error('usage: npm run new:rule -- RuleName "What should be, as the reference describes its rules"');
  process.exit(2);
}
const file = name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
const constant = name.charAt(0).toLowerCase() + name.slice(1);
const rule = path.join(root, 'src/check/rules', `${file}.ts`);
if (existsSync(rule)) {
  console.error(`${path.relative(root, rule)} is there already`);
  process.exit(1);
}

write(
  rule,
  `import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** ${description}. */
export const ${constant} = defineRule({
  name: '${name}',
  description: ${JSON.stringify(description).replaceAll("'", "\\'").replace(/^"|"$/g, "'")},
  message: (word: string) => \`${description}: \${word}\`,
});

/** Reports a word that the rule forbids. @param word as written */
export function check${name}(linter: Linter, place: Place, word: string): void {
  if (word === '') linter.report(${constant}, place, word);
}
`,
);
write(
  path.join(root, 'test/check/rules', `${file}.test.ts`),
  `import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('${name} reports what it forbids', () => {
  expect(findings('FROM scratch\\n')).toEqual([]);
  expect(findings('FROM scratch\\n# what violates the rule\\n')).toEqual(['${name}: … (line 2)']);
});
`,
);
edit('src/diagnostic/codes.ts', (text) => text.replace(/(export type RuleName =[\s\S]*?);/, `$1\n  | '${name}';`));
edit('src/check/rules.ts', (text) =>
  text
    .replace(/(\n\n\/\*\* Every rule)/, `\nimport { ${constant} } from './rules/${file}.ts';$1`)
    .replace(/(\n\];)/, `\n  { rule: ${constant}, calledFrom: ['check/syntax.ts'] },$1`),
);
console.log(`Next: the function in src/check/rules/${file}.ts, its call (src/check/syntax.ts for rules over the tree, src/lower
for rules that need values; name the module in src/check/rules.ts), its test, and \`npm run format && npm run docs\`.`);

function edit(name, change) {
  const target = path.join(root, name);
  const before = readFileSync(target, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${name} has no place for a rule any more: mend scripts/new-rule.mjs`);
  write(target, after);
}

function write(target, text) {
  writeFileSync(target, text);
  console.log(path.relative(root, target));
}
