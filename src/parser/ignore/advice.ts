/**
 * Finds lines of an ignore file that are written as for `.gitignore` or a shell but mean something else for Docker: a
 * pattern begins at the root of the context, the last pattern that matches decides, and only `*`, `?`, `[^a-z]`, `**`
 * and `!` are special.
 */
import { type Diagnostic, warningDiagnostic } from '../../diagnostic/diagnostic.ts';
import { linesRange, type SourceFile } from '../../diagnostic/source-file.ts';
import { isPattern } from '../../go/match.ts';
import { base } from '../../go/path.ts';
import { encodingHint, otherEncoding } from '../hints/encoding.ts';
import { nameCharacters } from '../hints/explain-error.ts';
import { findOddCharacters } from '../hints/odd-characters.ts';
import { type IgnoreRule, ignoreRules } from './dockerignore.ts';
import { createPatternMatcher, type PatternMatcher } from './pattern-matcher.ts';

/** The names in a context, including ignored ones. */
export interface ContextNames {
  /** Files and directories: slash-separated, without a leading slash. */
  readonly names: readonly string[];
  /** The directories among `names`. */
  readonly dirs: ReadonlySet<string>;
  /** Directories whose content was not listed; `.` if the list is cut. */
  readonly unsearched: readonly string[];
}

/** The advice about an ignore file. */
export interface IgnoreAdvice {
  /** Lines that most likely do not do what was meant. */
  readonly warnings: readonly Diagnostic[];
  /** Lines without effect, which do no harm. */
  readonly notes: readonly { readonly line: number; readonly message: string }[];
}

/** Maximum number of comparisons of names with patterns. */
const maxComparisons = 1_000_000;

/**
 * Finds lines of an ignore file that do something else than they seem to, and lines without effect.
 *
 * @param content the names in the context; undefined if they are not known
 */
export function findIgnoreAdvice(source: SourceFile, content: ContextNames | undefined): IgnoreAdvice {
  const warnings: Diagnostic[] = [];
  const notes: { line: number; message: string }[] = [];
  const warn = (line: number, message: string, hint: string) => {
    const range = linesRange(source, { start: line, end: line });
    const lines = [{ start: line, end: line }];
    warnings.push(warningDiagnostic('IgnoreHabit', message, { hint, range, file: source, lines }));
  };

  const encoding = otherEncoding(source.text);
  if (encoding) {
    warn(1, 'no pattern of this file matches anything', encodingHint(encoding));
    return { warnings, notes };
  }
  let rules: IgnoreRule[];
  try {
    rules = ignoreRules(source.text);
  } catch {
    return { warnings, notes }; // the frontend says so
  }
  for (const rule of rules) {
    const { line, text } = rule;
    const range = linesRange(source, { start: line, end: line });
    const odd = findOddCharacters(source.text, range.start, range.end, 'instruction');
    const misread = explainMisread(rule);
    if (odd.length > 0)
      warn(line, `${text} has a character that is not what it looks like`, nameCharacters(source, odd));
    else if (misread) warn(line, misread.message, misread.hint);
    else if (/^!?\s*\//.test(text))
      notes.push({
        line,
        message: `the / in front of ${text} does nothing: every pattern begins at the root of the context`,
      });
  }
  const warnedLines = new Set(warnings.map(({ lines: [place] }) => place!.start));
  try {
    if (content) checkMatches(rules, content, warnedLines, warn, notes);
  } catch {
    // A pattern that cannot be matched: the frontend says so.
  }
  return { warnings, notes };
}

/** Explains a pattern that means something else than it seems to in any context. */
function explainMisread({ text, pattern }: IgnoreRule): { message: string; hint: string } | undefined {
  const path = pattern.replace(/^!/, '');
  if (/^#/.test(text) || /\s#/.test(text)) {
    const comment = text.slice(text.indexOf('#'));
    return {
      message: `${comment} is not a comment here, but a part of the pattern`,
      hint: 'A comment is a line that begins with #, without blanks before it.',
    };
  }
  if (/^\.\.(\/|$)/.test(path))
    return {
      message: `${text} matches nothing: no path of a context begins with ..`,
      hint: 'Patterns begin at the root of the context, wherever the ignore file is.',
    };
  const negated = /\[!([^\]]*)\]/.exec(path);
  if (negated)
    return {
      message: `${negated[0]} matches ! too, and the characters that it should exclude`,
      hint: `A class is negated with ^: write [^${negated[1]}].`,
    };
  const braces = /\{[^{}]*,[^{}]*\}/.exec(path);
  if (braces)
    return {
      message: `${braces[0]} is not expanded: braces are characters like any other`,
      hint: 'Write a pattern for each.',
    };
  const variable = /\$\{?\w+\}?|^~\//.exec(path);
  if (variable)
    return {
      message: `${variable[0]} is not expanded: it is a name like any other`,
      hint: 'Write the path from the root of the context.',
    };
  if (/\\[\w.]/.test(path))
    return {
      message: `${text}: a backslash escapes the next character and does not separate directories`,
      hint: `Write ${text.replaceAll('\\', '/')}.`,
    };
  return undefined;
}

type Warn = (line: number, message: string, hint: string) => void;

/** Compares the patterns with the names in the context. */
function checkMatches(
  rules: readonly IgnoreRule[],
  { names, dirs, unsearched }: ContextNames,
  warnedLines: ReadonlySet<number>,
  warn: Warn,
  notes: { line: number; message: string }[],
): void {
  const each = rules.map(({ pattern }) => createPatternMatcher([pattern.replace(/^!/, '')]));
  let left = maxComparisons - names.length * rules.length;
  if (left < 0) return;
  const untouched = names.filter((name) => !each.some((it) => it.matchesOrParentMatches(name)));
  for (const [index, rule] of rules.entries()) {
    const { line, text, pattern } = rule;
    const path = pattern.replace(/^!/, '');
    if (warnedLines.has(line) || path === '') continue; // the build fails with a ! alone, and says so
    if ((left -= names.length * (pattern.startsWith('!') ? rules.length : 1)) < 0) return;
    const matched = names.filter((name) => each[index]!.matchesOrParentMatches(name));
    // In .gitignore, a name without slashes matches in any directory.
    const isAnywhere = !path.includes('/') && !/^!?\s*\//.test(text) && path !== '**';
    const isSent = (name: string) => name.includes('/') && each[index]!.matchesOrParentMatches(base(name));
    const sent = isAnywhere ? untouched.find(isSent) : undefined;
    if (pattern.startsWith('!')) {
      if (matched.length > 0) checkException(rules, each, index, matched, warn);
      else if (isComplete(path, unsearched)) notes.push({ line, message: `${text} matches nothing in the context` });
      continue;
    }
    const everywhere = `**/${path}`;
    if (sent !== undefined && matched.length === 0) {
      const hint = `Unlike in .gitignore, a pattern begins at the root of the context: write ${everywhere}.`;
      warn(line, `${text} matches nothing: ${sent} is not left out`, hint);
      continue;
    }
    if (sent !== undefined)
      notes.push({
        line,
        message: `${text} matches only at the root of the context: ${sent} is not left out, ${everywhere} would`,
      });
    if (matched.length > 0) {
      const [first = ''] = matched;
      if (text.endsWith('/') && !isPattern(path) && first === path && !dirs.has(first))
        warn(
          line,
          `${text} leaves out a file: a / at the end does not ask for a directory`,
          `${first} is a file. Take the line out if it is to be sent.`,
        );
      continue;
    }
    if (!isComplete(path, unsearched)) continue;
    const other = names.find((name) => name.toLowerCase() === path.toLowerCase());
    if (other !== undefined)
      warn(line, `${text} matches nothing: names are case-sensitive`, `The context has ${other}.`);
    else notes.push({ line, message: `${text} matches nothing in the context` });
  }
}

/** An exception must include something that a pattern above it excludes. */
function checkException(
  rules: readonly IgnoreRule[],
  each: readonly PatternMatcher[],
  index: number,
  matched: readonly string[],
  warn: Warn,
): void {
  const { line, text } = rules[index]!;
  let taker: number | undefined;
  let takesBack = false;
  for (const name of matched) {
    const isLeftOut = (from: number, to: number) => {
      let last = -1;
      for (let at = from; at < to; at++) if (each[at]!.matchesOrParentMatches(name)) last = at;
      return last >= 0 && !rules[last]!.pattern.startsWith('!') ? last : undefined;
    };
    const later = isLeftOut(index + 1, rules.length);
    if (later === undefined) {
      if (isLeftOut(0, index) !== undefined) return; // it includes something
    } else taker ??= later;
    takesBack ||= isLeftOut(0, index) !== undefined;
  }
  if (taker !== undefined)
    warn(
      line,
      `${text} has no effect: ${rules[taker]!.text} in line ${rules[taker]!.line} leaves it out again`,
      'The last pattern that matches decides: move the exception below it.',
    );
  else if (!takesBack)
    warn(
      line,
      `${text} has no effect: no pattern above it excludes what it matches`,
      'Take the line out, or move it below the pattern that it is about.',
    );
}

/** Whether a pattern cannot match in directories that were not listed. */
function isComplete(path: string, unsearched: readonly string[]): boolean {
  const [first = ''] = path.split('/');
  return unsearched.every((dir) => {
    if (dir === '.' || path.startsWith('**')) return false;
    if (!path.includes('/')) return true;
    const [top = ''] = dir.split('/');
    return first !== top && !isPattern(first);
  });
}
