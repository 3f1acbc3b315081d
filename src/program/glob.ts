/**
 * Patterns of `context().glob`: `*` and `?` match within a name, `**` any number of directories, `{a,b}` either,
 * `[a-z]` a character.
 */

/** Maximum number of patterns that one with braces stands for. */
const maxAlternatives = 1000;

/** One step of a pattern. */
type Token =
  | { readonly kind: 'one'; readonly matches: (character: string) => boolean }
  /** Any characters within a name. */
  | { readonly kind: 'name' }
  /** Any characters. */
  | { readonly kind: 'all' }
  /** Any number of directories, each with its slash. */
  | { readonly kind: 'directories' };

/** Makes the test of a pattern. @throws Error for a pattern with a brace or bracket that is not closed */
export function compileGlob(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((it) => tokensOf(it, pattern));
  return (path) => alternatives.some((tokens) => matchTokens(tokens, path));
}

/** The patterns without braces that a pattern stands for. @throws Error if a brace is not closed */
export function expandBraces(pattern: string): string[] {
  const waiting = [pattern.replace(/^\.?\//, '')];
  const found: string[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parts = splitAtBrace(next, pattern);
    if (parts) waiting.push(...parts.reverse());
    else found.push(next);
    if (found.length + waiting.length > maxAlternatives)
      throw new Error(`the pattern ${JSON.stringify(pattern)} stands for more than ${maxAlternatives} patterns`);
  }
  return found;
}

/** The patterns with each of the alternatives of the first brace; undefined for a text without braces. */
function splitAtBrace(text: string, pattern: string): string[] | undefined {
  let start = -1;
  let depth = 0;
  const commas: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '{' && depth++ === 0) start = at;
    else if (char === ',' && depth === 1) commas.push(at);
    else if (char === '}' && depth > 0 && --depth === 0) {
      const ends = [...commas, at];
      return ends.map(
        (end, index) =>
          text.slice(0, start) + text.slice((index === 0 ? start : ends[index - 1]!) + 1, end) + text.slice(at + 1),
      );
    }
  }
  if (depth > 0) throw new Error(`the pattern ${JSON.stringify(pattern)} has a { without a }`);
  return undefined;
}

function tokensOf(text: string, pattern: string): Token[] {
  const characters = [...text];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const char = characters[at]!;
    if (char === '*' && characters[at + 1] === '*') {
      const isDirectories = characters[at + 2] === '/';
      tokens.push({ kind: isDirectories ? 'directories' : 'all' });
      at += isDirectories ? 2 : 1;
    } else if (char === '*') tokens.push({ kind: 'name' });
    else if (char === '?') tokens.push({ kind: 'one', matches: (it) => it !== '/' });
    else if (char === '[') {
      const end = characters.indexOf(']', at + 2);
      if (end < 0) throw new Error(`the pattern ${JSON.stringify(pattern)} has a [ without a ]`);
      tokens.push({ kind: 'one', matches: setOf(characters.slice(at + 1, end), pattern) });
      at = end;
    } else {
      const literal = char === '\\' && at + 1 < characters.length ? characters[++at]! : char;
      tokens.push({ kind: 'one', matches: (it) => it === literal });
    }
  }
  return tokens;
}

function setOf(set: readonly string[], pattern: string): (character: string) => boolean {
  const isNegative = set[0] === '!' || set[0] === '^';
  const ranges: (readonly [from: number, to: number])[] = [];
  for (let at = isNegative ? 1 : 0; at < set.length; at++) {
    const from = set[at]!.codePointAt(0)!;
    const isRange = set[at + 1] === '-' && at + 2 < set.length;
    const to = isRange ? set[at + 2]!.codePointAt(0)! : from;
    if (to < from) throw new Error(`the pattern ${JSON.stringify(pattern)} has a range that ends before it begins`);
    ranges.push([from, to]);
    if (isRange) at += 2;
  }
  return (character) => {
    const code = character.codePointAt(0)!;
    return character !== '/' && ranges.some(([from, to]) => code >= from && code <= to) !== isNegative;
  };
}

/** Follows all ways to match at once, so that it takes no longer than the path times the pattern. */
function matchTokens(tokens: readonly Token[], path: string): boolean {
  let states = new Set<number>();
  const enter = (to: Set<number>, first: number) => {
    for (let at = first; ; at++) {
      to.add(at);
      const token = tokens[at];
      if (!token || token.kind === 'one') return;
    }
  };
  enter(states, 0);
  for (const character of path) {
    const next = new Set<number>();
    for (const at of states) {
      const token = tokens[at];
      if (!token) continue;
      if (token.kind === 'one') {
        if (token.matches(character)) enter(next, at + 1);
      } else if (token.kind === 'directories') {
        next.add(at); // inside a dir's name
        if (character === '/') enter(next, at + 1);
      } else if (token.kind === 'all' || character !== '/') enter(next, at);
    }
    states = next;
    if (states.size === 0) return false;
  }
  return states.has(tokens.length);
}

/** The part of a pattern before its first special character: a directory, or '' for all. */
export function fixedDir(pattern: string): string {
  const plain = pattern.replace(/^\.?\//, '');
  const [fixed = ''] = /^[^*?{[\\]*/.exec(plain) ?? [];
  return fixed === plain ? fixed : fixed.slice(0, Math.max(0, fixed.lastIndexOf('/')));
}
