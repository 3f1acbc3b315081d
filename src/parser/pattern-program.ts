/**
 * One path pattern made into a test. Docker rewrites a pattern as a Go regular expression and so inherits that
 * syntax where the pattern lets it through (`\d`, `^`, `a|b`, `x{2}`, classes with `*` in them …). The same rewriting is
 * done here, but the expression runs as a small automaton: in time proportional to path times pattern, whatever the
 * pattern.
 */

import { atStart, codePoints, parseExpression, type Step } from './pattern-expression.ts';

/** Whether a path matches, or (with `orParent`) what is in front of one of its slashes. */
export type PathTest = (path: string, orParent?: boolean) => boolean;

/** @throws Error `syntax error in pattern` where the rewritten pattern is no regular expression */
export function compilePattern(pattern: string): PathTest {
  const { kind, expression } = rewrite(pattern);
  switch (kind) {
    case 'exact': {
      const below = `${pattern}/`;
      return (path, orParent) => path === pattern || (orParent === true && path.startsWith(below));
    }
    case 'prefix': {
      const prefix = pattern.slice(0, -2);
      return (path) => path.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = pattern.slice(2);
      const whole = suffix.startsWith('/') ? suffix.slice(1) : undefined;
      const [below, belowWhole] = [`${suffix}/`, `${whole}/`];
      const matches: PathTest = (path) => path.endsWith(suffix) || path === whole;
      const parentMatches: PathTest = (path) =>
        path.includes(below) || (whole !== undefined && path.startsWith(belowWhole));
      return (path, orParent) => matches(path) || (orParent === true && parentMatches(path));
    }
    case 'expression': {
      const alternatives = parseExpression(expression).map((steps) => ({ steps, needed: neededText(steps) }));
      return (path, orParent = false) =>
        alternatives.some(
          ({ steps, needed }) =>
            path.length >= needed.length && path.includes(needed) && runs(steps, charsOf(path), orParent),
        );
    }
  }
}

let lastPath = '';
let lastChars: readonly string[] = [];

/** The characters of a path, which as a rule many patterns in a row are matched against. */
function charsOf(path: string): readonly string[] {
  if (path !== lastPath) {
    lastChars = codePoints(path);
    lastPath = path;
  }
  return lastChars;
}

/**
 * The longest text that is in all that the steps match. A look for it is a hundred times as fast as a run, and of
 * thousands of patterns as a rule none is in a path.
 */
function neededText(steps: readonly Step[]): string {
  let longest = '';
  let text = '';
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (step.kind === 'optional') i += step.count;
    // U+FFFD also stands for bytes that are no text
    const char = step.kind === 'one' && step.char !== '\ufffd' ? step.char : undefined;
    text = char === undefined ? '' : text + char;
    if (text.length > longest.length) longest = text;
  }
  return longest;
}

/** What a pattern needs: many are plain text, or text before or behind `**`. */
function rewrite(pattern: string): { kind: 'exact' | 'prefix' | 'suffix' | 'expression'; expression: string } {
  let kind: 'exact' | 'prefix' | 'suffix' | 'expression' = 'exact';
  let expression = '^';
  // A byte order mark in front is dropped, bytes that are no text read as U+FFFD.
  const chars = codePoints(pattern.replace(/^\uFEFF/, ''));
  for (let at = 0, first = true; at < chars.length; first = false) {
    const char = chars[at++]!;
    if (char === '*' && chars[at] === '*') {
      at++;
      if (chars[at] === '/') at++;
      if (at < chars.length) {
        expression += '(.*/)?';
        kind = 'expression';
      } else if (kind === 'exact') {
        kind = 'prefix';
      } else {
        expression += '.*';
        kind = 'expression';
      }
      if (first) kind = 'suffix';
    } else if (char === '*' || char === '?') {
      expression += char === '*' ? '[^/]*' : '[^/]';
      kind = 'expression';
    } else if (char === '\\') {
      expression += '\\';
      if (at < chars.length) {
        expression += chars[at++];
        kind = 'expression';
      }
    } else if ('.+()$'.includes(char)) {
      expression += `\\${char}`;
    } else {
      expression += char;
      if (char === '[' || char === ']') kind = 'expression';
    }
  }
  return { kind, expression: `${expression}$` };
}

/**
 * Whether the steps can be gone through somewhere in the path: all ways are followed at once. With `orParent` every slash
 * may be the end of the path as well.
 */
function runs(steps: readonly Step[], chars: readonly string[], orParent: boolean): boolean {
  const last = steps.length;
  const isAnchored = steps[0] === atStart;
  let active = new Uint8Array(last + 1);
  let next = new Uint8Array(last + 1);
  active[0] = 1;
  for (let at = 0; ; at++) {
    const before = chars[at - 1];
    const char = chars[at];
    if (orParent && char === '/' && reachesEnd(steps, active.slice(), before, undefined)) return true;
    if (reachesEnd(steps, active, before, char)) return true;
    if (char === undefined) return false;
    let alive = !isAnchored;
    for (let i = 0; i < last; i++) {
      if (active[i] === 0) continue;
      const step = steps[i]!;
      if (step.kind === 'optional' || step.kind === 'place' || !step.test(char)) continue;
      next[step.kind === 'many' ? i : i + 1] = 1;
      alive = true;
    }
    if (!alive) return false;
    [active, next] = [next, active.fill(0)];
    if (!isAnchored) active[0] = 1;
  }
}

/** Follows the steps that take no character. They lead forward only, so that one pass in order follows them all. */
function reachesEnd(
  steps: readonly Step[],
  active: Uint8Array,
  before: string | undefined,
  after: string | undefined,
): boolean {
  for (let i = 0; i < steps.length; i++) {
    if (active[i] === 0) continue;
    const step = steps[i]!;
    if (step.kind === 'one') continue;
    if (step.kind === 'place' && !step.holds(before, after)) continue;
    active[i + 1] = 1;
    if (step.kind === 'optional') active[i + 1 + step.count] = 1;
  }
  return active[steps.length] === 1;
}
