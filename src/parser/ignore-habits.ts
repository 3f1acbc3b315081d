/**
 * What an ignore file says in the manner of `.gitignore`, or of a shell, and Docker reads in another way: a pattern begins
 * at the root of the context, the last pattern that matches decides, and only `*`, `?`, `[^a-z]`, `**` and `!` mean
 * something.
 */
import { base } from '../go/path.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type IgnoreRule, ignoreRules } from './dockerignore.ts';
import { encodingHint, otherEncoding } from './encoding.ts';
import { nameCharacters } from './explain-error.ts';
import { findOddCharacters } from './odd-characters.ts';
import { createPatternMatcher, type PatternMatcher } from './pattern-matcher.ts';
import { lineColumn, linesRange, type SourceFile } from './source.ts';

/** What is in a context, ignored or not. */
export interface ContextNames {
  /** Slash-separated, without a leading slash; folders among them. */
  readonly names: readonly string[];
  readonly folders: ReadonlySet<string>;
  /** Folders that were not looked into; `.` where the list is cut. */
  readonly unsearched: readonly string[];
}

export interface IgnoreHabits {
  /** What most likely does something else than was meant. */
  readonly warnings: readonly Diagnostic[];
  /** What does no harm, and nothing. */
  readonly notes: readonly { readonly line: number; readonly message: string }[];
}

/** Names are compared with patterns so often in all. */
const maxComparisons = 1_000_000;

/**
 * Finds the habits in an ignore file.
 *
 * @param content what the context has; undefined where that is not known
 */
export function findIgnoreHabits(source: SourceFile, content: ContextNames | undefined): IgnoreHabits {
  const warnings: Diagnostic[] = [];
  const notes: { line: number; message: string }[] = [];
  const warn = (line: number, message: string, hint: string) => {
    const range = linesRange(source, { start: line, end: line });
    const locations = [{ start: line, end: line }];
    warnings.push({ code: 'IgnoreHabit', severity: 'warning', message, hint, range, locations });
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
    const habit = form(rule);
    if (odd.length > 0)
      warn(line, `${text} has a character that is not what it looks like`, nameCharacters(source, odd));
    else if (habit) warn(line, habit.message, habit.hint);
    else if (/^!?\s*\//.test(text))
      notes.push({
        line,
        message: `the / in front of ${text} does nothing: every pattern begins at the root of the context`,
      });
  }
  const told = new Set(warnings.map(({ range }) => lineColumn(source, range.start).line));
  try {
    if (content) judge(rules, content, told, warn, notes);
  } catch {
    // a pattern that cannot be matched: the frontend says so
  }
  return { warnings, notes };
}

/** What can be told from a pattern alone. */
function form({ text, pattern }: IgnoreRule): { message: string; hint: string } | undefined {
  const path = pattern.replace(/^!/, '');
  if (/^#/.test(text) || /\s#/.test(text)) {
    const comment = text.slice(text.indexOf('#'));
    return {
      message: `${comment} is no comment here, but a part of the pattern`,
      hint: 'Only a line that begins with # is one, without blanks before it.',
    };
  }
  if (/^\.\.(\/|$)/.test(path))
    return {
      message: `${text} matches nothing: no path of a context begins with ..`,
      hint: 'Patterns begin at the root of the context, wherever the ignore file lies.',
    };
  const negated = /\[!([^\]]*)\]/.exec(path);
  if (negated)
    return {
      message: `${negated[0]} matches ! too, and what was to be left out`,
      hint: `A class is turned round with ^: write [^${negated[1]}].`,
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
      message: `${text}: a backslash takes the next character as it is, and divides no folders`,
      hint: `Write ${text.replaceAll('\\', '/')}.`,
    };
  return undefined;
}

type Warn = (line: number, message: string, hint: string) => void;

/** What can be told from what the patterns match. */
function judge(
  rules: readonly IgnoreRule[],
  { names, folders, unsearched }: ContextNames,
  told: ReadonlySet<number>,
  warn: Warn,
  notes: { line: number; message: string }[],
): void {
  const each = rules.map(({ pattern }) => createPatternMatcher([pattern.replace(/^!/, '')]));
  let left = maxComparisons - names.length * rules.length;
  if (left < 0) return;
  const untouched = names.filter((name) => !each.some((it) => it.matchesOrParentMatches(name)));
  for (const [index, rule] of rules.entries()) {
    const { line, text, pattern } = rule;
    if (told.has(line)) continue;
    if ((left -= names.length * (pattern.startsWith('!') ? rules.length : 1)) < 0) return;
    const path = pattern.replace(/^!/, '');
    const matched = names.filter((name) => each[index]!.matchesOrParentMatches(name));
    // in .gitignore a name without slashes is one in any folder
    const isAnywhere = !path.includes('/') && !/^!?\s*\//.test(text) && path !== '**';
    const isSent = (name: string) => name.includes('/') && each[index]!.matchesOrParentMatches(base(name));
    const sent = isAnywhere ? untouched.find(isSent) : undefined;
    if (pattern.startsWith('!')) {
      if (matched.length > 0) judgeException(rules, each, index, matched, warn);
      else if (isComplete(path, unsearched)) notes.push({ line, message: `${text} matches nothing in the context` });
      continue;
    }
    const everywhere = `**/${path}`;
    if (sent !== undefined && matched.length === 0) {
      const hint = `Other than in .gitignore, a pattern begins at the root of the context: write ${everywhere}.`;
      warn(line, `${text} matches nothing: ${sent} is not left out`, hint);
      continue;
    }
    if (sent !== undefined)
      notes.push({
        line,
        message: `${text} matches at the root of the context alone: ${sent} is not left out, ${everywhere} would`,
      });
    if (matched.length > 0) {
      const [first = ''] = matched;
      if (text.endsWith('/') && !/[*?[]/.test(path) && first === path && !folders.has(first))
        warn(
          line,
          `${text} leaves out a file: a / at the end does not ask for a folder`,
          `${first} is a file. Take the line out if it is to be sent.`,
        );
      continue;
    }
    if (!isComplete(path, unsearched)) continue;
    const other = names.find((name) => name.toLowerCase() === path.toLowerCase());
    if (other !== undefined) warn(line, `${text} matches nothing: capitals count`, `The context has ${other}.`);
    else notes.push({ line, message: `${text} matches nothing in the context` });
  }
}

/** An exception takes back what a pattern above it leaves out. */
function judgeException(
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
      if (isLeftOut(0, index) !== undefined) return; // it does what it is there for
    } else taker ??= later;
    takesBack ||= isLeftOut(0, index) !== undefined;
  }
  if (taker !== undefined)
    warn(
      line,
      `${text} takes nothing back: ${rules[taker]!.text} in line ${rules[taker]!.line} leaves it out again`,
      'The last pattern that matches decides: move the exception below it.',
    );
  else if (!takesBack)
    warn(
      line,
      `${text} takes nothing back: no pattern above it leaves out what it matches`,
      'Take the line out, or move it below the pattern that it is about.',
    );
}

/** Whether a pattern cannot match where nobody looked. */
function isComplete(path: string, unsearched: readonly string[]): boolean {
  const [first = ''] = path.split('/');
  return unsearched.every((folder) => {
    if (folder === '.' || path.startsWith('**')) return false;
    if (!path.includes('/')) return true;
    const [top = ''] = folder.split('/');
    return first !== top && !/[*?[]/.test(first);
  });
}
