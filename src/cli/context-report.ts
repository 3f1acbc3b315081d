/** What a build takes from its contexts, for people. */
import type { Amount } from '../context/amounts.ts';
import type { ContextReport, ContextTake, InspectedContext, PathAnswer } from '../context/context-report.ts';
import type { SizeNode } from '../context/size-tree.ts';
import { count, formatBytes, formatInteger } from '../text/number.ts';
import { printableLine } from '../text/printable.ts';
import { formatTable } from './format-table.ts';

/** Formats a report; the answers alone, if paths were asked about. */
export function formatContextReport({ contexts }: ContextReport): string {
  if (contexts.length === 0) return 'no instruction takes a file from a directory, so nothing is sent\n';
  const answers = contexts.flatMap(({ paths, takes }) => paths.map((it) => formatAnswer(it, takes)));
  return answers.length > 0 ? answers.join('') : contexts.map(formatContext).join('\n');
}

function formatContext(context: InspectedContext): string {
  const { name, directory, sent, ignored, unasked, isCut, takes, rules, largest, unusedPaths, proposal } = context;
  const title = name === 'context' ? directory : `${directory} (${name})`;
  const atLeast = isCut ? 'at least ' : '';
  const summary = [
    `${printableLine(title)}: ${inWords(sent)} ${sent.files === 1 ? 'is' : 'are'} sent`,
    ...(ignored.files > 0 ? [`${atLeast}${inWords(ignored)} dropped by the ignore file`] : []),
    ...(unasked.files > 0 ? [`${atLeast}${inWords(unasked)} not needed by this build`] : []),
  ];
  const hints =
    proposal.unused.length + proposal.seldomNeeded.length > 0
      ? ['`--suggest` prints patterns for the ignore file\n']
      : [];
  return [
    `${summary.join('\n  ')}\n`,
    ...(takes.length > 0 ? [formatTakes(takes)] : []),
    ...(rules.length > 0
      ? [
          formatRows(
            ['DROPPED BY', 'FILES', 'SIZE', 'RULE'],
            rules.map((it) => row(`${it.file}:${it.line}`, it, it.text)),
          ),
        ]
      : []),
    ...(largest.length > 0
      ? [
          formatRows(
            ['LARGEST', 'FILES', 'SIZE'],
            largest.flatMap((it) => sizeRows(it, 0)),
          ),
        ]
      : []),
    ...(unusedPaths.length > 0
      ? [formatRows(['SENT, NOT TAKEN', 'FILES', 'SIZE'], shortened(unusedPaths.map((it) => row(it.path, it))))]
      : []),
    ...hints,
  ].join('\n');
}

const inWords = ({ files, bytes }: Amount) => `${count(files, 'file')}, ${formatBytes(bytes)}`;

const row = (first: string, { files, bytes }: Amount, ...rest: readonly string[]) => [
  first,
  formatInteger(files),
  formatBytes(bytes),
  ...rest,
];

function formatRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return formatTable([head, ...rows]);
}

/** Maximum number of rows of a table that may have very many. */
const maxRows = 50;

function shortened(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const rest = rows.length - maxRows;
  return rest > 0 ? [...rows.slice(0, maxRows), [`and ${formatInteger(rest)} more: --format json has all`]] : rows;
}

function formatTakes(takes: readonly ContextTake[]): string {
  const rows = takes.flatMap((take) => {
    const { file, line, text, sources, list } = take;
    const place = line > 0 ? `${file}:${line}` : file;
    const isPlain = sources.length === 1 && text.includes(sources[0]!.path.replace(/^\/$/, '.').replace(/^\//, ''));
    return [
      row(place, take, text),
      ...(isPlain ? [] : sources.map((it) => row('', it, `  ${sourceText(it)}`))),
      ...(list ?? []).map(({ path, bytes }) => ['', '', formatBytes(bytes), `    ${path}`]),
    ];
  });
  return formatRows(['TAKEN BY', 'FILES', 'SIZE', 'INSTRUCTION'], rows);
}

function sourceText({ path, include, exclude }: ContextTake['sources'][number]): string {
  const base = path === '/' ? '.' : path.slice(1);
  const below = include.length > 0 ? `${base === '.' ? '' : `${base}/`}${include.join(' ')}` : base;
  return exclude.length > 0 ? `${below} without ${exclude.join(' ')}` : below;
}

function sizeRows(node: SizeNode, depth: number): string[][] {
  const indent = '  '.repeat(depth);
  const name = depth === 0 ? node.path : node.path.slice(node.path.lastIndexOf('/', node.path.length - 2) + 1);
  const rest = node.rest.files > 0 ? [row(`${indent}  …`, node.rest)] : [];
  return [row(indent + name, node), ...node.children.flatMap((it) => sizeRows(it, depth + 1)), ...rest];
}

function formatAnswer({ path, fate, rule, takenAt, hint }: PathAnswer, takes: readonly ContextTake[]): string {
  const file = takes[0]?.file ?? 'Dockerfile';
  const lines = takenAt.map((line) => `${file}:${line}`).join(', ');
  const why = rule && `${rule.file}:${rule.line} (${rule.text})`;
  const answers: Readonly<Record<PathAnswer['fate'], string>> = {
    sent: lines === '' ? 'sent, and no instruction takes it' : `sent, and taken by ${lines}`,
    ignored: why ? `dropped by ${why}` : 'dropped by the ignore file',
    unasked: 'not sent: this build does not need it',
    missing: `not there${hint === undefined ? '' : `. ${hint}`}`,
  };
  return `${printableLine(`${path}: ${answers[fate]}`)}\n`;
}
