// Generates the list of errors and warnings from the table of codes and the lint rules.
import { ruleTable } from '../../src/buildkit-rules/rules.ts';
import { phases as phaseOf } from '../../src/diagnostic/codes.ts';
import { adviceTexts, errorTexts, ruleAdvice } from '../../src/diagnostic/texts.ts';

const phases = {
  structure: 'Structure of the file',
  instructions: 'Syntax of an instruction',
  stages: 'Stages',
  arguments: 'Arguments before the first FROM',
  target: 'Target stage',
  dependencies: 'Dependencies between stages',
  'base-images': 'Base images',
  triggers: 'ONBUILD triggers of base images',
  dispatch: 'Instructions of a stage',
  sources: 'Files of the context',
  check: 'Further findings of `tsfront check`',
  build: 'Other errors',
};

/** docs/errors.md */
export function formatErrors() {
  const codes = Object.entries({ ...errorTexts, ...adviceTexts });
  const sections = Object.entries(phases).map(([phase, title]) => {
    const rows = codes.filter(
      ([code]) =>
        (Object.hasOwn(phaseOf, code) ? phaseOf[/** @type {keyof typeof phaseOf} */ (code)] : 'check') === phase,
    );
    return `\n## ${title}\n\n${table(
      ['code', 'what is wrong', 'what to do'],
      rows.map(([code, it]) => [`\`${code}\``, it.title, it.advice]),
    )}`;
  });
  const lint = ruleTable.map(({ rule: { name, description, url } }) => [
    url === '' ? `\`${name}\`` : `[\`${name}\`](${url})`,
    `${description}.`.replace(/\.\.$/, '.'),
    ruleAdvice[name],
  ]);
  return `# Errors and warnings

Every problem has a code in brackets: \`Dockerfile:2:6: error[unknown-stage-index]: …\`. \`npm run docs\` generates this list
from the source code, grouped by the phase that finds a problem. If BuildKit has a message for a problem, tsfront uses
the same text. A hint says what to do in the specific case.
${sections.join('')}
## Lint rules

These are BuildKit's rules, with BuildKit's names. \`# check=skip=NAME\` skips a rule. tsfront's own are in
[docs/rules](rules/README.md).

${table(['rule', 'description', 'what to do'], lint)}`;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  /** @param {readonly string[]} cells */
  const row = (cells) => `| ${cells.map((it) => it.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return row(head) + row(head.map(() => '---')) + rows.map(row).join('');
}
