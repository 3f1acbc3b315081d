/**
 * One path pattern made into a test. Docker rewrites a pattern as a Go regular expression and so inherits that
 * syntax where the pattern lets it through (`\d`, `^`, classes with `*` in them …). The same rewriting is done here, but
 * the expression runs as a small automaton: in time proportional to path times pattern, whatever the pattern.
 */

/** @throws Error `syntax error in pattern` where the rewritten pattern is no regular expression */
export function compilePattern(pattern: string): (path: string) => boolean {
  const { kind, expression } = rewrite(pattern);
  switch (kind) {
    case 'exact':
      return (path) => path === pattern;
    case 'prefix': {
      const prefix = pattern.slice(0, -2);
      return (path) => path.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = pattern.slice(2);
      const whole = suffix.startsWith('/') ? suffix.slice(1) : undefined;
      return (path) => path.endsWith(suffix) || path === whole;
    }
    case 'expression': {
      const program = parseExpression(expression);
      return (path) => runs(program, path);
    }
  }
}

/** What a pattern needs: many are plain text, or text before or behind `**`. */
function rewrite(pattern: string): { kind: 'exact' | 'prefix' | 'suffix' | 'expression'; expression: string } {
  let kind: 'exact' | 'prefix' | 'suffix' | 'expression' = 'exact';
  let expression = '';
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
    } else if ('.+()|{}$'.includes(char)) {
      expression += `\\${char}`;
    } else {
      expression += char;
      if (char === '[' || char === ']') kind = 'expression';
    }
  }
  return { kind, expression };
}

type CharTest = (char: string) => boolean;

type Step =
  /** One character. */
  | { readonly kind: 'one'; readonly test: CharTest }
  /** Any number of characters. */
  | { readonly kind: 'many'; readonly test: CharTest }
  /** The next `count` steps may be left out. */
  | { readonly kind: 'optional'; readonly count: number }
  /** Something about the place: `^`, `\b` and the like. */
  | { readonly kind: 'place'; readonly holds: (before: string | undefined, after: string | undefined) => boolean };

const notSlash: CharTest = (char) => char !== '/';
const notNewline: CharTest = (char) => char !== '\n';

/** Reads the part of Go's regular expressions that rewriting can bring forth. */
function parseExpression(expression: string): Step[] {
  const chars = codePoints(expression);
  const steps: Step[] = [];
  const lastPosixEnd = chars.findLastIndex((char, i) => char === ':' && chars[i + 1] === ']');
  let at = 0;
  while (at < chars.length) {
    if (lookingAt('(.*/)?')) {
      steps.push({ kind: 'optional', count: 2 }, { kind: 'many', test: notNewline }, literal('/'));
      at += 6;
    } else if (lookingAt('.*')) {
      steps.push({ kind: 'many', test: notNewline });
      at += 2;
    } else if (lookingAt('\\Q')) {
      // Quoted up to \E or to the end, where the expression's closing `$` belongs to the text as well.
      let end = at + 2;
      while (end < chars.length && !(chars[end] === '\\' && chars[end + 1] === 'E')) end++;
      for (const char of chars.slice(at + 2, end)) steps.push(literal(char));
      if (end === chars.length) return [...steps, literal('$'), { kind: 'many', test: () => true }];
      at = end + 2;
    } else if (chars[at] === '[') {
      const test = parseClass();
      const many = chars[at] === '*';
      if (many) at++;
      steps.push({ kind: many ? 'many' : 'one', test });
    } else if (chars[at] === '^') {
      steps.push({ kind: 'place', holds: (before) => before === undefined });
      at++;
    } else if (chars[at] === '\\') {
      steps.push(parseEscape());
    } else {
      steps.push(literal(chars[at++]!));
    }
  }
  return steps;

  function lookingAt(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (chars[at + i] !== text[i]) return false;
    return true;
  }

  function parseEscape(): Step {
    switch (chars[at + 1]) {
      case 'A':
        at += 2;
        return { kind: 'place', holds: (before) => before === undefined };
      case 'z':
        at += 2;
        return { kind: 'place', holds: (_, after) => after === undefined };
      case 'b':
      case 'B': {
        const wanted = chars[at + 1] === 'b';
        at += 2;
        return { kind: 'place', holds: (before, after) => (isWord(before) !== isWord(after)) === wanted };
      }
    }
    const test = parseCharClassEscape();
    if (test) return { kind: 'one', test };
    return literal(parseCharEscape());
  }

  /** `\d` and its kin, `\pL`: undefined where the escape stands for one character. */
  function parseCharClassEscape(): CharTest | undefined {
    const letter = chars[at + 1];
    if (letter === 'p' || letter === 'P') {
      const name = chars[at + 2];
      at += 3;
      // Only one-letter names: braces never arrive here unescaped.
      if (name === undefined || !/^[CLMNPSZ]$/.test(name)) throw badPattern();
      const property = new RegExp(`^\\p{${name}}$`, 'u');
      return (char) => property.test(char) === (letter === 'p');
    }
    const test = letter === undefined ? undefined : perlClasses[letter];
    if (test) at += 2;
    return test;
  }

  function parseCharEscape(): string {
    const char = chars[at + 1];
    at += 2;
    if (char === undefined) throw badPattern();
    if (/[0-7]/.test(char)) {
      // Octal; a single digit would be a back reference, which there is none.
      if (char !== '0' && !/[0-7]/.test(chars[at] ?? '')) throw badPattern();
      let digits = char;
      while (digits.length < 3 && /[0-7]/.test(chars[at] ?? '')) digits += chars[at++];
      return String.fromCodePoint(Number.parseInt(digits, 8));
    }
    if (char === 'x') {
      const digits = (chars[at] ?? '') + (chars[at + 1] ?? '');
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw badPattern();
      at += 2;
      return String.fromCodePoint(Number.parseInt(digits, 16));
    }
    const control = controls[char];
    if (control !== undefined) return control;
    if (char < '\x80' && !/[0-9A-Za-z]/.test(char)) return char;
    throw badPattern();
  }

  function parseClass(): CharTest {
    if (lookingAt('[^/]')) {
      at += 4;
      return notSlash;
    }
    const tests: CharTest[] = [];
    at++;
    const negated = chars[at] === '^';
    if (negated) at++;
    for (let first = true; chars[at] !== ']' || first; first = false) {
      if (at >= chars.length) throw badPattern();
      const posix = /^\[:(\^?)([a-z]+):\]/.exec(chars.slice(at, at + 12).join(''));
      if (posix) {
        const set = posixClasses[posix[2]!];
        if (!set) throw badPattern();
        const wanted = posix[1] === '';
        tests.push((char) => set.test(char) === wanted);
        at += posix[0].length;
        continue;
      }
      if (lookingAt('[:') && lastPosixEnd > at + 1) throw badPattern();
      const group = chars[at] === '\\' ? parseCharClassEscape() : undefined;
      if (group) {
        tests.push(group);
        continue;
      }
      const low = parseClassChar();
      let high = low;
      if (chars[at] === '-' && chars[at + 1] !== undefined && chars[at + 1] !== ']') {
        at++;
        high = parseClassChar();
        if (high.codePointAt(0)! < low.codePointAt(0)!) throw badPattern();
      }
      const [from, to] = [low.codePointAt(0)!, high.codePointAt(0)!];
      tests.push((char) => char.codePointAt(0)! >= from && char.codePointAt(0)! <= to);
    }
    at++;
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  function parseClassChar(): string {
    if (at >= chars.length) throw badPattern();
    return chars[at] === '\\' ? parseCharEscape() : chars[at++]!;
  }
}

const perlClasses: Readonly<Record<string, CharTest>> = {
  d: (char) => /^[0-9]$/.test(char),
  D: (char) => !/^[0-9]$/.test(char),
  s: (char) => /^[\t\n\f\r ]$/.test(char),
  S: (char) => !/^[\t\n\f\r ]$/.test(char),
  w: (char) => isWord(char),
  W: (char) => !isWord(char),
};

const controls: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const posixClasses: Readonly<Record<string, RegExp>> = {
  alnum: /^[0-9A-Za-z]$/,
  alpha: /^[A-Za-z]$/,
  ascii: /^[\x00-\x7f]$/,
  blank: /^[\t ]$/,
  cntrl: /^[\x00-\x1f\x7f]$/,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[\t\n\v\f\r ]$/,
  upper: /^[A-Z]$/,
  word: /^[0-9A-Za-z_]$/,
  xdigit: /^[0-9A-Fa-f]$/,
};

function literal(wanted: string): Step {
  return { kind: 'one', test: (char) => char === wanted };
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /^[0-9A-Za-z_]$/.test(char);
}

function badPattern(): Error {
  return new Error('syntax error in pattern');
}

/** Characters as Go decodes them: what is no text is U+FFFD. */
function codePoints(text: string): string[] {
  return [...text.toWellFormed()];
}

/** Whether the whole path goes through the steps: all ways are followed at once. */
function runs(steps: readonly Step[], path: string): boolean {
  const chars = codePoints(path);
  const last = steps.length;
  let active = new Uint8Array(last + 1);
  let next = new Uint8Array(last + 1);
  active[0] = 1;
  for (let at = 0; ; at++) {
    const char = chars[at];
    let alive = false;
    // Steps that take no character lead forward only, so that one pass in order follows them all.
    for (let i = 0; i < last; i++) {
      if (active[i] === 0) continue;
      const step = steps[i]!;
      if (step.kind === 'optional') {
        active[i + 1] = active[i + 1 + step.count] = 1;
      } else if (step.kind === 'place') {
        if (step.holds(chars[at - 1], char)) active[i + 1] = 1;
      } else {
        if (step.kind === 'many') active[i + 1] = 1;
        if (char === undefined || !step.test(char)) continue;
        next[step.kind === 'many' ? i : i + 1] = 1;
        alive = true;
      }
    }
    if (char === undefined) return active[last] === 1;
    if (!alive) return false;
    [active, next] = [next, active.fill(0)];
  }
}
