/** `frontend.lint`: all warnings, and the error that would fail the build. */
import { findRule } from '../../buildkit-rules/rules.ts';
import { type Diagnostic, findDiagnosticError } from '../../diagnostic/diagnostic.ts';
import { type LineRange, linesAround } from '../../diagnostic/source-file.ts';
import { marshalJsonIndent } from '../../go/json-encode.ts';
import { sortSlice } from '../../go/sort.ts';
import { utf8Length } from '../../go/unicode.ts';
import type { Lowered } from '../../lower/lower.ts';
import { lineRanges } from '../../lower/source-location.ts';
import { maxMessageBytes } from '../../rpc/framing.ts';
import type { Result } from '../bridge.ts';
import type { BuildFile, LoweredPastErrors } from '../build-file.ts';
import { firstLines, lineRangesJson, maxErrorLines, subrequestMessage } from '../error-status.ts';
import { rangeJson, type SourceDescription, sourceFile, sourceInfoJson } from '../source-info.ts';
import type { Warner } from '../warner.ts';
import { lintDefinition } from './definitions.ts';
import { textResult } from './result.ts';

/** The data from which the answer of `frontend.lint` is made, for callers in this process. */
export interface Linted {
  /** The Dockerfile. */
  readonly source: SourceDescription;
  /** The warnings, in the order in which they were found. */
  readonly findings: readonly Diagnostic[];
  /** The error that fails the build; undefined if absent. */
  readonly failure: unknown;
  /** The lowered Dockerfile; undefined if it could not be lowered. */
  readonly lowered: Lowered | undefined;
  /** What is found in spite of the failure; undefined if it hides nothing. */
  pastErrors(): Promise<FoundPastErrors | undefined>;
}

/** What a check finds that continues after errors. */
export interface FoundPastErrors extends LoweredPastErrors, Pick<Linted, 'findings'> {
  /** The errors, without those that only follow from others. */
  readonly errors: readonly unknown[];
}

/** The answer of `frontend.lint`, and what it is made from. */
export interface LintedResult extends Result {
  readonly linted: Linted;
}

interface LintWarning {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly detail: string;
  readonly lines: LineRange | undefined;
}

/**
 * Lints the Dockerfile; without a target, all stages. What a build program writes to its console is sent as a warning,
 * and is not a finding.
 *
 * The texts are the reference's unless they do not fit into a message of the gateway: then they are shortened, and say
 * so.
 */
export async function lint(file: BuildFile, target: string, log: Warner['warn']): Promise<LintedResult> {
  const findings: Diagnostic[] = [];
  let failure: unknown;
  let lowered: Lowered | undefined;
  try {
    lowered = await file.lower({
      allStages: target === '',
      inspects: true,
      warn: (finding) => findings.push(finding),
      log,
    });
  } catch (error) {
    failure = error;
  }
  const { source } = file;
  const text = sourceFile(source).text.split('\n');
  const lineCount = source.parts ? text.length : Number.POSITIVE_INFINITY; // places in other modules are not listed
  const warnings = findings.map(
    ({ code, message, url = '', lines: [lines] }): LintWarning => ({
      name: code,
      description: findRule(code)?.description ?? '',
      url,
      detail: message,
      lines: lines && lines.end <= lineCount ? lines : undefined,
    }),
  );
  const sources = [sourceInfoJson(source)];
  const buildError = failure === undefined ? undefined : buildErrorJson(failure);
  const write = (listed: readonly LintWarning[], frames: readonly string[]) => ({
    'result.json': marshalJsonIndent(
      { warnings: listed.length > 0 ? listed.map(warningJson) : null, sources, buildError },
      '',
      '  ',
    ),
    'result.txt': frames.join(''),
  });

  let texts: ReturnType<typeof write> | undefined;
  if (leastSize(warnings, text) <= maxTextBytes) {
    texts = write(warnings, printWarnings(warnings, source.filename, text));
    if (sizeOf(texts) > maxTextBytes) texts = undefined;
  }
  if (!texts) {
    const left = maxTextBytes - utf8Length(write([], [])['result.json']);
    const { listed, frames } = shorten(warnings, source.filename, text, left);
    texts = write(listed, frames);
  }
  const statusCode = warnings.length > 0 || failure !== undefined ? '1' : '0';
  return {
    ...textResult(lintDefinition, { ...texts, 'result.statuscode': statusCode }),
    linted: {
      source,
      findings,
      failure,
      lowered,
      async pastErrors() {
        if (failure === undefined || !file.lowerPastErrors) return undefined;
        const found: Diagnostic[] = [];
        const errors: unknown[] = [];
        const request = { allStages: target === '', warn: (finding: Diagnostic) => found.push(finding) };
        const part = await file.lowerPastErrors(request, (error) => errors.push(error));
        return part && { ...part, findings: found, errors };
      },
    },
  };
}

/** Maximum size in bytes of both texts together. They travel in one message, which allows a little more. */
const maxTextBytes = maxMessageBytes - 65_536;
/** Lines that a warning shows in an answer that is too long, and characters of each line and of the message. */
const maxLines = 20;
const maxWidth = 240;
const maxDetail = 4096;
/** Maximum number of warnings that are listed; the rest is counted. */
const maxListed = 1000;

const sizeOf = (texts: Readonly<Record<string, string>>) =>
  Object.values(texts).reduce((sum, text) => sum + utf8Length(text), 0);

/** A lower bound of the size of the answer, without making it: for some files it is longer than any string can be. */
function leastSize(warnings: readonly LintWarning[], text: readonly string[]): number {
  const ends: number[] = [0];
  for (const line of text) ends.push(ends.at(-1)! + line.length + 1);
  let size = 0;
  for (const { name, description, url, detail, lines } of warnings) {
    size += 200 + description.length + 2 * (name.length + url.length + detail.length);
    if (!lines) continue;
    const [first, last] = [Math.max(lines.start, 1), Math.min(lines.end, text.length)];
    if (last >= first) size += (last - first + 1) * 140 + ends[last]! - ends[first - 1]!;
  }
  return size;
}

/** Limits the warnings: each is cut to a readable length, and the last one counts those that are omitted. */
function shorten(warnings: readonly LintWarning[], filename: string, text: readonly string[], left: number) {
  const listed: LintWarning[] = [];
  let free = left - 4096;
  for (const { lines, ...warning } of warnings) {
    if (listed.length === maxListed) break;
    const short: LintWarning = {
      ...warning,
      detail: cut(warning.detail, maxDetail),
      lines: lines && { start: lines.start, end: Math.min(lines.end, lines.start + maxLines - 1) },
    };
    free -= 2 * utf8Length(marshalJsonIndent(warningJson(short), '    ', '  '));
    free -= utf8Length(printWarning(short, filename, text, maxWidth));
    if (free < 0) break;
    listed.push(short);
  }
  const frames = printWarnings(listed, filename, text, maxWidth);
  const unlisted: LintWarning = {
    name: 'FurtherWarnings',
    description: 'The answer holds as many warnings as a reader and one message can take',
    url: '',
    detail: `${warnings.length - listed.length} more warnings are not listed, and of those listed the first ${maxLines} lines are shown. The first ones may well have one cause.`,
    lines: undefined,
  };
  return {
    listed: [...listed, unlisted],
    frames: [...frames, printWarning(unlisted, filename, text)],
  };
}

const cut = (text: string, length: number) => (text.length <= length ? text : `${text.slice(0, length)}…`);

const warningJson = ({ name, description, url, detail, lines }: LintWarning) => ({
  ruleName: name,
  description: description || undefined,
  url: url || undefined,
  detail: detail || undefined,
  location: { ranges: lineRangesJson(lines) },
});

/** The error as JSON. Of an instruction with too many lines, it lists the first ones, and the message says so. */
export function buildErrorJson(error: unknown) {
  const locations = findDiagnosticError(error)?.diagnostics[0].lines ?? [];
  const places = locations.flatMap((lines) => lineRanges(firstLines(lines)));
  const isCut = locations.some((lines) => lines && lines.end - lines.start >= maxErrorLines);
  const note = isCut ? `\nOnly the first ${maxErrorLines} lines of the instruction are listed.` : '';
  const byLine = new Map(places.map((range) => [range.start.line, range]));
  const ranges = [...byLine.values()].sort((a, b) => a.start.line - b.start.line).map(rangeJson);
  return { message: subrequestMessage(error) + note, location: { ranges: ranges.length > 0 ? ranges : undefined } };
}

/** The warnings for people, in the order of the file. */
function printWarnings(warnings: readonly LintWarning[], filename: string, text: readonly string[], width?: number) {
  const sorted = [...warnings];
  sortSlice(sorted, isBefore);
  return sorted.map((warning) => printWarning(warning, filename, text, width));
}

function printWarning(
  { name, url, detail, lines }: LintWarning,
  filename: string,
  text: readonly string[],
  width = Number.POSITIVE_INFINITY,
): string {
  const head = `\nWARNING: ${name}${url === '' ? '' : ` - ${url}`}\n${detail}\n`.toWellFormed();
  return head + (lines ? printSource(filename.toWellFormed(), text, lines, width) : '');
}

/** The order of warnings: those without a place come first, by name, then the others, by line. */
function isBefore(a: LintWarning, b: LintWarning): boolean {
  if (!a.lines && !b.lines) return a.name < b.name;
  if (!a.lines || !b.lines) return !a.lines;
  return a.lines.start < b.lines.start;
}

/** The lines with some around them, as BuildKit prints the source of an error. */
function printSource(filename: string, lines: readonly string[], place: LineRange, width: number): string {
  if (place.start > lines.length || place.start < 1) return '';
  const { start, end } = linesAround(place, lines.length);
  let text = `${filename}:${place.start}\n--------------------\n`;
  for (let line = start; line <= end; line++) {
    const mark = line >= place.start && line <= Math.max(place.start, place.end) ? '>>>' : '   ';
    text += ` ${String(line).padStart(3)} | ${mark} ${cut(lines[line - 1]!, width)}\n`;
  }
  return `${text}--------------------\n`;
}
