/** A report in the XML of Checkstyle, which many services read. */
import type { CheckedFile } from './checked-file.ts';
import { type ReportedProblem, reportedProblems } from './report-problem.ts';

/** Formats problems as XML. */
export function formatCheckstyle(files: readonly CheckedFile[]): string {
  const byPath = Map.groupBy(reportedProblems(files), ({ path }) => path);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<checkstyle version="4.3">'];
  for (const [path, problems] of byPath)
    lines.push(`  <file name="${escaped(path)}">`, ...problems.map(errorElement), '  </file>');
  return `${[...lines, '</checkstyle>'].join('\n')}\n`;
}

function errorElement({ problem: { severity, code }, region, message, advice }: ReportedProblem): string {
  const attributes = {
    line: String(region?.startLine ?? 1),
    column: String(region?.startColumn ?? 1),
    severity,
    message: advice === '' ? message : `${message}. ${advice}`,
    source: `tsfront.${code}`,
  };
  const written = Object.entries(attributes).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `    <error ${written.join(' ')}/>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Without what XML 1.0 cannot hold: control characters, and halves of characters. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (it) => entities[it]!)
    .replace(/[\t\n\r]/g, (it) => `&#${it.charCodeAt(0)};`);
}
