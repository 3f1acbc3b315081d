// Generates docs/rules, a page for each lint rule of tsfront's own, and docs/hadolint.md from the table of rules.
import { ruleTable } from '../../src/buildkit-rules/rules.ts';
import { formatDiagnostic } from '../../src/diagnostic/code-frame.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { rulePage } from '../../src/lint/rule-url.ts';
import { lintRules } from '../../src/lint/rules.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { hadolintRules } from './hadolint-rules.mjs';
import { readings } from './rule-readings.mjs';

/**
 * The pages by their names in docs.
 * @returns {Promise<(readonly [string, string])[]>}
 */
export async function formatRules() {
  const pages = await Promise.all(
    lintRules.map(async (rule) => /** @type {const} */ ([`rules/${rulePage(rule.name)}`, await formatRule(rule)])),
  );
  return [...pages, ['rules/README.md', formatIndex()], ['hadolint.md', formatHadolint()]];
}

/**
 * @typedef {import('../../src/lint/rule.ts').LintRule} LintRule
 * @typedef {readonly [name: string, level: string, findings: number, read: number, right: number]} Reading
 */

const levels = {
  off: 'off by default',
  warning: 'a warning by default',
  error: 'an error by default',
};

const fixes = {
  safe: '`tsfront check --fix` mends what it finds, where that is certain.',
  unsafe: '`tsfront check --unsafe-fixes` mends some of what it finds; look at the result.',
};

/** @param {LintRule} rule */
async function formatRule(rule) {
  const { name, summary, why, bad, good, level, fix, hadolint, options = {}, exampleOptions } = rule;
  const facts = [
    `It is ${levels[level]}.`,
    fix ? fixes[fix] : 'It has no fix: there is more than one way out.',
    ...(hadolint ? [`hadolint: ${hadolint}.`] : []),
  ];
  const settings = exampleOptions ? `, with the options \`${JSON.stringify(exampleOptions)}\`` : '';
  const output = await check(rule, bad[0] ?? '');
  return `# ${name}

${wrap(summary)}
${wrap(facts.join(' '))}

## Why

${why.split('\n\n').map(wrap).join('\n\n')}

## Example

${dockerfile(bad[0])}

\`tsfront check\` says${settings}:

\`\`\`text
${output}
\`\`\`

Instead:

${dockerfile(good[0])}
${more('It also reports', bad.slice(1))}${more('It does not report', good.slice(1))}${optionTable(options)}
## Configure it

${wrap(`In \`tsfront.json\`, \`"rules": { "${name}": "off" }\` turns it off; \`"warning"\` and \`"error"\` turn it on. For one instruction, write a comment with the reason above it: \`# tsfront-ignore ${name}: …\`.`)}
`;
}

/**
 * @param {LintRule} options
 * @param {string} text
 */
async function check({ name, level, exampleOptions }, text) {
  const source = parseDockerfile(text);
  const findings = await lintDockerfile(source, {
    rules: new Map(lintRules.map((it) => [it.name, it.name !== name ? 'off' : level === 'off' ? 'warning' : level])),
    options: new Map(exampleOptions ? [[name, exampleOptions]] : []),
  });
  return findings.map((finding) => formatDiagnostic(source.source, finding)).join('\n\n');
}

/** @param {string} text */
function dockerfile(text) {
  return `\`\`\`dockerfile\n${text}\`\`\``;
}

/**
 * @param {string} title
 * @param {readonly string[]} texts
 */
function more(title, texts) {
  return texts.length === 0 ? '' : `\n${title}:\n\n${texts.map(dockerfile).join('\n\n')}\n`;
}

/** @param {NonNullable<LintRule['options']>} options */
function optionTable(options) {
  const rows = Object.entries(options).map(([name, it]) => [
    `\`${name}\``,
    it.type === 'strings' ? 'strings' : it.type,
    `\`${JSON.stringify(it.default)}\``,
    it.description,
  ]);
  return rows.length === 0 ? '' : `\n## Options\n\n${table(['option', 'type', 'default', 'meaning'], rows)}`;
}

function formatIndex() {
  const own = lintRules.map(({ name, summary, level, fix }) => [
    `[\`${name}\`](${rulePage(name)})`,
    summary,
    level,
    fix ?? '',
  ]);
  const theirs = ruleTable.map(({ rule: { name, description, url } }) => [
    url === '' ? `\`${name}\`` : `[\`${name}\`](${url})`,
    `${description}.`.replace(/\.\.$/, '.'),
  ]);
  const read = lintRules.flatMap(({ name, level }) => {
    const found = readings[/** @type {keyof typeof readings} */ (name)];
    return typeof found === 'object'
      ? [/** @type {Reading} */ ([`\`${name}\``, level, found.findings, found.read, found.right])]
      : [];
  });
  /** @param {2 | 3 | 4} column */
  const sum = (column) => read.reduce((total, row) => total + row[column], 0);
  return `# Lint rules

\`tsfront check\` runs BuildKit's rules, as \`docker build --check\` does, and rules of its own, which never run in a build.
\`npm run docs\` generates these pages from the rules themselves. A rule of hadolint is in [hadolint.md](../hadolint.md).

## tsfront's rules

A rule is on by default if nearly all of what it reports is right in real Dockerfiles. \`tsfront.json\` turns each on,
off, or into an error; a fix that is \`safe\` is made by \`--fix\`, one that is \`unsafe\` by \`--unsafe-fixes\`.

${table(['rule', 'what it asks for', 'default', 'fix'], own)}
## BuildKit's rules

Docker describes these; \`# check=skip=NAME\` skips one in builds, too.

${table(['rule', 'description'], theirs)}
## How often they are right

${wrap(`The rules ran on ${readings.files} Dockerfiles of twelve public repositories: TechEmpower's benchmarks, collections of Dockerfiles, images of Oracle, Microsoft and .NET, examples of Docker, Skaffold and CentOS, Vulhub, BuildKit. Of each rule, findings were chosen at random and read, with the Dockerfile around them where the finding alone does not tell. One is right if what it says is true of this file, and somebody who maintains the file could well change it. Of the rules that are on by default, ${sumOn(read, 4)} of ${sumOn(read, 3)} findings were right; of all, ${sum(4)} of ${sum(3)}. A rule below 95 % was mended and read again, or is off by default. Rules that are not in the table found nothing in these files, apart from MissingHealthcheck, which found what most files lack.`)}

${table(['rule', 'default', 'findings', 'read', 'right'], read)}
## What reads shell text

${wrap('Rules see the commands of RUN, CMD, ENTRYPOINT and HEALTHCHECK through the package unbash 6.0.4. It is synchronous, tolerant of errors, and gives the place of each word. It is loaded when a file has shell text, and what it has read is kept by text, for editors.')}

${wrap('Its price: 142 kB in the bundle of the command line (31 kB compressed), 376 kB installed, about 5 ms until the first command is read, then some 10 µs for each. What was measured beside it: tree-sitter-bash as WebAssembly has 1.6 MB, needs 40 ms until the first command is read and 230 µs for each; sh-syntax has 0.7 MB and fails on its second large input; mvdan-sh has 1.5 MB, needs 75 ms, and is not maintained.')}

${wrap('Only POSIX shells are read: not PowerShell and cmd, not here-documents for other interpreters, and not the texts that `sh -c` gets. Of ONBUILD RUN, rules about a single command read the text.')}
`;
}

/**
 * @param {readonly Reading[]} rows
 * @param {2 | 3 | 4} column
 */
function sumOn(rows, column) {
  return rows.filter(([, level]) => level !== 'off').reduce((total, row) => total + row[column], 0);
}

function formatHadolint() {
  const own = new Map(
    lintRules.flatMap(({ name, hadolint = '' }) =>
      hadolint.split(', ').map((code) => [code, `[\`${name}\`](rules/${rulePage(name)})`]),
    ),
  );
  for (const code of own.keys())
    if (code !== '' && !hadolintRules[code])
      throw new Error(`${code} is not a rule of hadolint: scripts/docs/hadolint-rules.mjs`);
  const rows = Object.entries(hadolintRules).map(([code, { what, answer }]) => [
    `[${code}](https://github.com/hadolint/hadolint/wiki/${code})`,
    what,
    [own.get(code), answer].filter(Boolean).join('; '),
  ]);
  return `# Coming from hadolint

What \`tsfront check\` has for each rule of [hadolint](https://github.com/hadolint/hadolint). A name in code is a rule of
tsfront or BuildKit; an error is reported by every check and fails the build. \`# hadolint ignore=\` comments are not
read: write \`# tsfront-ignore RULE: reason\`.

${table(['hadolint', 'what it asks for', 'tsfront'], rows)}
The rules of ShellCheck (\`SC…\`) are not part of tsfront: run ShellCheck on scripts, and keep long scripts in files.
`;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number)[])[]} rows
 */
function table(head, rows) {
  /** @param {readonly (string | number)[]} cells */
  const row = (cells) => `| ${cells.map((it) => String(it).replaceAll('|', '\\|')).join(' | ')} |\n`;
  return row(head) + row(head.map(() => '---')) + rows.map(row).join('');
}

/**
 * Breaks a paragraph into lines of at most 120 columns.
 *
 * @param {string} text
 */
function wrap(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > 120) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}
