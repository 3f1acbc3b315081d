/** `frontend.lint`: all warnings, and the error that would fail the build. */
import { marshalJsonIndent } from '../../go/json-encode.ts';
import { sortSlice } from '../../go/sort.ts';
import { decodeText } from '../../go/text.ts';
import { lineRanges } from '../../lower/source-location.ts';
import { locatedError } from '../../parser/diagnostic.ts';
import type { LineRange } from '../../parser/source.ts';
import type { Result } from '../bridge.ts';
import type { DockerfileSource } from '../dockerfile.ts';
import { firstMessage, lineRangesJson } from '../errors.ts';
import { rangeJson, type SourceDescription, sourceInfoJson } from '../source-info.ts';
import { lintDefinition } from './definitions.ts';
import { textResult } from './result.ts';

interface Warning {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly detail: string;
  readonly lines: LineRange | undefined;
}

/** Without a target, all stages are looked at. */
export async function lint(dockerfile: DockerfileSource, target: string): Promise<Result> {
  const warnings: Warning[] = [];
  let failure: unknown;
  try {
    await dockerfile.lower({
      allStages: target === '',
      warn: ({ rule: { name, description, url }, message, lines }) =>
        warnings.push({ name, description, url, detail: message, lines }),
    });
  } catch (error) {
    failure = error;
  }
  const json = {
    warnings: warnings.length > 0 ? warnings.map(warningJson) : null,
    sources: [sourceInfoJson(dockerfile.source)],
    buildError: failure === undefined ? undefined : buildErrorJson(failure),
  };
  const result = textResult(lintDefinition, {
    'result.json': marshalJsonIndent(json, '', '  '),
    'result.txt': printWarnings(warnings, dockerfile.source),
    'result.statuscode': warnings.length > 0 || failure !== undefined ? '1' : '0',
  });
  return { ...result, failure };
}

const warningJson = ({ name, description, url, detail, lines }: Warning) => ({
  ruleName: name,
  description: description || undefined,
  url: url || undefined,
  detail: detail || undefined,
  location: { ranges: lineRangesJson(lines) },
});

function buildErrorJson(error: unknown) {
  const places = (locatedError(error)?.locations ?? []).flatMap((lines) => lineRanges(lines));
  const byLine = new Map(places.map((range) => [range.start.line, range]));
  const ranges = [...byLine.values()].sort((a, b) => a.start.line - b.start.line).map(rangeJson);
  return { message: firstMessage(error), location: { ranges: ranges.length > 0 ? ranges : undefined } };
}

function printWarnings(warnings: readonly Warning[], source: SourceDescription): string {
  const sorted = [...warnings];
  sortSlice(sorted, comesFirst);
  const lines = decodeText(source.data).split('\n');
  return sorted
    .map(({ name, url, detail, lines: place }) => {
      const head = `\nWARNING: ${name}${url === '' ? '' : ` - ${url}`}\n${detail}\n`.toWellFormed();
      return head + (place ? printSource(source.filename.toWellFormed(), lines, place) : '');
    })
    .join('');
}

/** Those without a place first, by name; the others by line. */
function comesFirst(a: Warning, b: Warning): boolean {
  if (!a.lines && !b.lines) return a.name < b.name;
  if (!a.lines || !b.lines) return !a.lines;
  return a.lines.start < b.lines.start;
}

/** The lines with some around them, as BuildKit prints the source of an error. */
function printSource(filename: string, lines: readonly string[], place: LineRange): string {
  let start = place.start;
  let end = Math.max(place.start, place.end);
  if (start > lines.length || start < 1) return '';
  end = Math.min(end, lines.length);
  const padding = start === end ? 4 : 2;
  for (let added = 0; added < padding; added++) {
    if (start > 1) {
      start--;
      added++;
    }
    if (end !== lines.length) {
      end++;
      added++;
    }
  }
  let text = `${filename}:${place.start}\n--------------------\n`;
  for (let line = start; line <= end; line++) {
    const mark = line >= place.start && line <= Math.max(place.start, place.end) ? '>>>' : '   ';
    text += ` ${String(line).padStart(3)} | ${mark} ${lines[line - 1]}\n`;
  }
  return `${text}--------------------\n`;
}
