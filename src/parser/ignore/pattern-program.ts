/**
 * Compiles a path pattern to a test. Docker rewrites a pattern as a Go regular expression and so inherits that
 * syntax where the pattern contains it (`\d`, `^`, `a|b`, `x{2}`, classes with `*` in them …). This module rewrites in
 * the same way, but runs the expression as a small automaton, in time proportional to path times pattern, whatever the
 * pattern.
 */
import { atStart, characters, type PatternStep, parseExpression } from './pattern-expression.ts';

/** Whether a path matches, or (with `orParent`) the part before one of its slashes. */
export type PathTest = (path: string, orParent?: boolean) => boolean;

/**
 * Compiles a path pattern.
 * @throws Error `syntax error in pattern` if the rewritten pattern is not a regular expression
 */
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

/** The characters of a path. Keeps the last path, because usually many patterns are matched against it. */
function charsOf(path: string): readonly string[] {
  if (path !== lastPath) {
    lastChars = characters(path);
    lastPath = path;
  }
  return lastChars;
}

/**
 * The longest text that every match of the steps contains. A search for it is a hundred times as fast as a run, and
 * most patterns do not have their text in a path.
 */
function neededText(steps: readonly PatternStep[]): string {
  let longest = '';
  let text = '';
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (step.kind === 'optional') i += step.count;
    // U+FFFD also replaces bytes that are not text.
    const char = step.kind === 'one' && step.char !== '\ufffd' ? step.char : undefined;
    text = char === undefined ? '' : text + char;
    if (text.length > longest.length) longest = text;
  }
  return longest;
}

/** The cheapest test for a pattern: many are plain text, or text before or after `**`. */
function rewrite(pattern: string): { kind: 'exact' | 'prefix' | 'suffix' | 'expression'; expression: string } {
  let kind: 'exact' | 'prefix' | 'suffix' | 'expression' = 'exact';
  let expression = '^';
  // A byte order mark at the start is removed, and bytes that are not text become U+FFFD.
  const chars = characters(pattern.replace(/^\uFEFF/, ''));
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
 * Whether the steps match somewhere in the path; follows all possible matches at once. With `orParent`, every slash
 * may also be the end of the path.
 */
function runs(steps: readonly PatternStep[], chars: readonly string[], orParent: boolean): boolean {
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

/** Follows the steps that take no character. They only lead forward, so one pass in order follows them all. */
function reachesEnd(
  steps: readonly PatternStep[],
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
