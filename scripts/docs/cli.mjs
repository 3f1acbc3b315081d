// The reference of the command line, made of the commands as the parser knows them.
import { examples } from '../../src/cli/command-table.ts';
import { createCommandLine } from '../../src/cli/main.ts';

/** docs/cli.md */
export function formatReference() {
  // Declaring commands reads nothing but the environment.
  const io = /** @type {import('../../src/cli/io.ts').Io} */ ({ env: {} });
  const program = createCommandLine(io);
  const intro = `# Commands

Made of the commands themselves by \`npm run docs\`; \`tsfront COMMAND --help\` says the same. Exit codes, addresses of
daemons and what belongs together are described in the [README](../README.md).
`;
  return intro + program.commands.flatMap((command) => sections(command, command.name())).join('');
}

/**
 * @param {import('@commander-js/extra-typings').CommandUnknownOpts} command
 * @param {string} name
 * @returns {string[]}
 */
function sections(command, name) {
  const help = command.createHelp();
  /** @param {string} text */
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  /** @param {string} text */
  const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;
  /**
   * @param {string} title
   * @param {readonly (readonly [string, string])[]} rows
   */
  const table = (title, rows) =>
    rows.length === 0
      ? ''
      : `\n| ${title} | |\n| --- | --- |\n${rows.map(([a, b]) => `| ${code(a)} | ${cell(b)} |\n`).join('')}`;
  const usage = `tsfront ${name} ${command.usage()}`.trim();
  const shown = (examples[name] ?? []).join('\n');
  const text = `
## tsfront ${name}

${command.description()}

\`\`\`
${usage}
\`\`\`
${table(
  'argument',
  help.visibleArguments(command).map((it) => [it.name(), help.argumentDescription(it)]),
)}${table(
  'option',
  help.visibleOptions(command).map((it) => [help.optionTerm(it), help.optionDescription(it)]),
)}${shown === '' ? '' : `\nExamples:\n\n\`\`\`sh\n${shown}\n\`\`\`\n`}`;
  return [text, ...command.commands.flatMap((it) => sections(it, `${name} ${it.name()}`))];
}
