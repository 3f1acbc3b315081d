/**
 * The wildcards of `${name#pattern}`, `${name%pattern}` and `${name/pattern/text}`: `*` is any text, `?` any character,
 * neither matches a line break, and a backslash takes the next character literally.
 *
 * Which of several matches counts follows from leftmost-first regular expressions, with `*` as `.*` or `.*?`. They are
 * not used for it because several stars would make them try exponentially many ways. A pattern is a list of star-free
 * segments; on a line without breaks it is enough to place each segment as early (shortest) or as late (longest) as
 * possible, and a segment with a break has only one place where it can be.
 */
import { goClass } from '../go/unicode.ts';

const anyCharacter = -1;
const newline = 10;

/** The budget that all patterns of a file share. */
export interface PatternBudget {
  /** Number of comparisons left. */
  comparisons: number;
}

/** A compiled pattern. */
export interface ShellPattern {
  /** The budget that its use is counted against. */
  readonly budget: PatternBudget;
  /** The parts between the stars, as code points. */
  readonly segments: readonly (readonly number[])[];
}

/**
 * Reads a pattern. A long one in a long value can take as many comparisons as the product of their lengths.
 *
 * @param budget limits the comparisons, beyond which matching throws; unlimited by default
 * @throws Error if a backslash stands before a character that needs none
 */
export function compileShellPattern(
  pattern: string,
  budget: PatternBudget = { comparisons: Number.POSITIVE_INFINITY },
): ShellPattern {
  const points = codePoints(pattern);
  const segments: number[][] = [[]];
  for (let at = 0; at < points.length; at++) {
    let point = points[at]!;
    if (point === 0x2a) {
      segments.push([]);
      continue;
    }
    if (point === 0x3f) point = anyCharacter;
    else if (point === 0x5c) {
      point = points[++at] ?? 0xfffd;
      // `}` and `/` are escaped for `${}`, the others for the pattern.
      if (!'}/*?\\'.includes(String.fromCodePoint(point)))
        throw new Error(`invalid escape '\\${String.fromCodePoint(point)}'`);
    }
    segments.at(-1)!.push(point);
  }
  return { segments, budget };
}

function spend({ budget }: ShellPattern, comparisons: number): void {
  budget.comparisons -= comparisons;
  if (budget.comparisons < 0) throw new Error('the patterns of the file take too long to match');
}

/** Removes the shortest or longest match from the start of a value. */
export function trimPrefix(pattern: ShellPattern, value: string, longest: boolean): string {
  spend(pattern, value.length);
  const points = Array.from(value);
  const end = matchAt(pattern, codePoints(value, false), 0, longest);
  return end < 0 ? value : points.slice(end).join('');
}

/** Replaces the first match by `replacement`, taken literally. */
export function replaceFirst(pattern: ShellPattern, value: string, replacement: string): string {
  spend(pattern, value.length);
  const match = findFirst(pattern, codePoints(value, false), 0);
  if (!match) return value;
  const points = Array.from(value);
  return points.slice(0, match.start).join('') + replacement + points.slice(match.end).join('');
}

/**
 * Replaces all matches; in `replacement`, `$0` is the match, other `$name` are nothing and `$$` is a dollar sign.
 *
 * @param checkLength called with the length of the growing result; its error ends the replacing
 */
export function replaceAll(
  pattern: ShellPattern,
  value: string,
  replacement: string,
  checkLength: (length: number) => void = () => {},
): string {
  spend(pattern, value.length);
  const points = codePoints(value, false);
  const characters = Array.from(value);
  let result = '';
  let lastEnd = 0;
  for (let from = 0; from <= points.length; ) {
    const match = findFirst(pattern, points, from);
    if (!match) break;
    result += characters.slice(lastEnd, match.start).join('');
    // An empty match directly after another match does not count.
    if (match.end > lastEnd || match.start === 0) {
      const before = result.length;
      result += expandTemplate(
        replacement,
        () => characters.slice(match.start, match.end).join(''),
        (length) => checkLength(before + length),
      );
    }
    lastEnd = match.end;
    from = Math.max(from + 1, match.end);
  }
  return result + characters.slice(lastEnd).join('');
}

/** A byte that is not UTF-8 counts as U+FFFD. */
function codePoints(text: string, dropMark = true): number[] {
  const points: number[] = [];
  for (const character of text.toWellFormed()) points.push(character.codePointAt(0)!);
  if (dropMark && points[0] === 0xfeff) points.shift();
  return points;
}

function matchesSegment(
  pattern: ShellPattern,
  segment: readonly number[],
  value: readonly number[],
  at: number,
): boolean {
  if (at + segment.length > value.length) return false;
  let i = 0;
  while (i < segment.length) {
    const wanted = segment[i]!;
    const found = value[at + i]!;
    if (wanted === anyCharacter ? found === newline : found !== wanted) break;
    i++;
  }
  spend(pattern, i + 1);
  return i === segment.length;
}

function endOfLine(value: readonly number[], from: number): number {
  const at = value.indexOf(newline, from);
  return at < 0 ? value.length : at;
}

/** The end of the match that starts at `start`; -1 if absent. */
function matchAt(pattern: ShellPattern, value: readonly number[], start: number, longest: boolean): number {
  const { segments } = pattern;
  const first = segments[0]!;
  if (!matchesSegment(pattern, first, value, start)) return -1;
  let at = start + first.length;
  for (let k = 1; k < segments.length; ) {
    // Everything before a segment with a line break must be placed on the rest of this line.
    let next = k;
    while (next < segments.length && !segments[next]!.includes(newline)) next++;
    const breaking = segments[next];
    let limit = endOfLine(value, at);
    if (breaking) limit -= breaking.indexOf(newline);
    if (limit < at || (breaking && !matchesSegment(pattern, breaking, value, limit))) return -1;
    const group = segments.slice(k, next);
    at = longest ? placeLate(pattern, group, value, at, limit) : placeEarly(pattern, group, value, at, limit);
    if (at < 0) return -1;
    if (breaking) at = limit + breaking.length;
    k = next + 1;
  }
  return at;
}

/** Places segments between `at` and `limit` as far left as possible; the end of the last one, or -1. */
function placeEarly(
  pattern: ShellPattern,
  group: readonly (readonly number[])[],
  value: readonly number[],
  at: number,
  limit: number,
) {
  let end = at;
  for (const segment of group) {
    while (end + segment.length <= limit && !matchesSegment(pattern, segment, value, end)) end++;
    end += segment.length;
    if (end > limit) return -1;
  }
  return end;
}

/** Places segments between `at` and `limit` as far right as possible; the end of the last one, or -1. */
function placeLate(
  pattern: ShellPattern,
  group: readonly (readonly number[])[],
  value: readonly number[],
  at: number,
  limit: number,
) {
  let start = limit;
  let end = at;
  for (let k = group.length - 1; k >= 0; k--) {
    const segment = group[k]!;
    start -= segment.length;
    while (start >= at && !matchesSegment(pattern, segment, value, start)) start--;
    if (start < at) return -1;
    if (k === group.length - 1) end = start + segment.length;
  }
  return end;
}

/** The leftmost match from `from` on, as long as possible. */
function findFirst(pattern: ShellPattern, value: readonly number[], from: number) {
  const first = pattern.segments[0]!;
  const oneLine = pattern.segments.length > 1 && !first.includes(newline);
  for (let start = from; start <= value.length; start++) {
    if (!matchesSegment(pattern, first, value, start)) continue;
    const end = matchAt(pattern, value, start, true);
    if (end >= 0) return { start, end };
    // If the rest does not match after this place of the line, it does not match after a later one.
    if (oneLine) start = endOfLine(value, start + first.length);
  }
  return undefined;
}

const nameClass = goClass('\\p{L}\\p{Nd}_');
const templateName = new RegExp(`\\{${nameClass}+\\}|${nameClass}+`, 'vy');

function expandTemplate(template: string, match: () => string, checkLength: (length: number) => void): string {
  let result = '';
  let from = 0;
  for (let at = template.indexOf('$'); at >= 0; at = template.indexOf('$', from)) {
    result += template.slice(from, at);
    from = at + 1;
    if (template[from] === '$') {
      result += '$';
      from++;
      continue;
    }
    templateName.lastIndex = from;
    const name = templateName.exec(template)?.[0];
    if (name === undefined) {
      result += '$';
      continue;
    }
    if (name === '0' || name === '{0}') result += match();
    checkLength(result.length);
    from += name.length;
  }
  checkLength(result.length + template.length - from);
  return result + template.slice(from);
}
