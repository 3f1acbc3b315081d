/** SARIF 2.1.0, which GitHub's code scanning and other services read. */
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type { DiagnosticCode } from '../../diagnostic/codes.ts';
import type { Fix } from '../../diagnostic/diagnostic.ts';
import type { SourceFile } from '../../diagnostic/source-file.ts';
import { packageVersion } from '../package-version.ts';
import type { CheckedFile } from './checked-file.ts';
import { describeCode } from './describe-code.ts';
import { stableKey } from './format-gitlab.ts';
import { type ReportedProblem, regionOf, reportedProblems } from './report-problem.ts';

const root = '%SRCROOT%';

/** Formats problems as a log with one run. Paths begin at the working directory. */
export function formatSarif(files: readonly CheckedFile[]): string {
  const problems = reportedProblems(files);
  const codes = new Map<DiagnosticCode, ReportedProblem>();
  for (const it of problems) if (!codes.has(it.problem.code)) codes.set(it.problem.code, it);
  const rules = [...codes.values()].map(({ problem: { code, severity, url } }) => {
    const { summary, help, url: helpUri } = describeCode(code, url);
    return {
      id: code,
      shortDescription: { text: summary },
      ...(help !== undefined && { fullDescription: { text: help }, help: { text: help, markdown: help } }),
      helpUri,
      defaultConfiguration: { level: severity },
    };
  });
  const index = new Map([...codes.keys()].map((code, at) => [code, at]));
  const seen = new Map<string, number>();
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'tsfront',
            version: packageVersion(),
            informationUri: 'https://github.com/org/tsfront',
            rules,
          },
        },
        originalUriBaseIds: { [root]: { uri: `${pathToFileURL('.').href}/` } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((it) => resultOf(it, index.get(it.problem.code)!, seen)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(reported: ReportedProblem, ruleIndex: number, seen: Map<string, number>) {
  const { problem, path, region, message, advice, source } = reported;
  const { code, severity, related = [], fix } = problem;
  const identity = stableKey(reported);
  const count = (seen.get(identity) ?? 0) + 1;
  seen.set(identity, count);
  const artifactLocation = locationOf(path);
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: advice === '' ? message : `${message}. ${advice}` },
    locations: [{ physicalLocation: { artifactLocation, ...(region && { region }) } }],
    ...(related.length > 0 && {
      relatedLocations: related.map((note, id) => ({
        id,
        message: { text: note.message },
        physicalLocation: { artifactLocation, region: regionOf(source, note.range) },
      })),
    }),
    partialFingerprints: { 'tsfrontProblem/v1': createHash('sha256').update(`${identity}\0${count}`).digest('hex') },
    ...(fix && !problem.file && { fixes: [fixOf(fix, source, artifactLocation)] }),
  };
}

function fixOf({ title, changes, edits }: Fix, source: SourceFile, artifactLocation: ReturnType<typeof locationOf>) {
  return {
    description: { text: changes === undefined ? title : `${title} (${changes})` },
    artifactChanges: [
      {
        artifactLocation,
        replacements: edits.map(({ range, text }) => ({
          deletedRegion: regionOf(source, range),
          ...(text !== '' && { insertedContent: { text } }),
        })),
      },
    ],
  };
}

function locationOf(path: string) {
  const isAbsolute = path.startsWith('/') || /^[A-Za-z]:\//.test(path);
  if (isAbsolute) return { uri: pathToFileURL(path).href };
  return { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: root };
}
