/** Go's `filepath.Match` on Unix: `*` and `?` without slashes, `[a-z]`, `[^a-z]`, `\c`. */

/** Whether a path has a character that means something in patterns, so that it may match another name than its own. */
export function isPattern(path: string): boolean {
  return /[*?[\\]/.test(path);
}

/** Whether a pattern has a wildcard that no backslash takes its meaning from. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern.replace(/\\.?/gs, ''));
}

/** {@link matchPath} that takes an invalid pattern for one that matches nothing: the daemon reports the pattern. */
export function matchesPath(pattern: string, name: string): boolean {
  try {
    return matchPath(pattern, name);
  } catch {
    return false;
  }
}

/**
 * Whether the whole name matches the shell pattern. If the match fails early, the pattern is checked up to its next
 * star (unlike by `path.Match`, which checks it to its end).
 * @throws Error `syntax error in pattern`
 */
export function matchPath(pattern: string, name: string): boolean {
  const chars = Array.from(name);
  let at = 0;
  const chunks = splitChunks(Array.from(pattern));
  for (const [index, { star, chunk }] of chunks.entries()) {
    const last = index === chunks.length - 1;
    if (star && chunk.length === 0) return !chars.includes('/', at); // a trailing star
    const next = findChunk(chunk, chars, at, star, last);
    if (next < 0) {
      return false;
    }
    at = next;
  }
  return at === chars.length;
}

interface Chunk {
  readonly star: boolean;
  readonly chunk: readonly string[];
}

/** Cuts the pattern before every star that is neither escaped nor within a class. */
function splitChunks(pattern: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at < pattern.length; ) {
    const star = pattern[at] === '*';
    while (pattern[at] === '*') at++;
    const from = at;
    let inClass = false;
    for (; at < pattern.length; at++) {
      const char = pattern[at];
      if (char === '\\') at += at + 1 < pattern.length ? 1 : 0;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '*' && !inClass) break;
    }
    chunks.push({ star, chunk: pattern.slice(from, at) });
  }
  return chunks;
}

/** The place in the name after the chunk; -1 if it does not match. The last chunk must match the end of the name. */
function findChunk(chunk: readonly string[], name: readonly string[], from: number, star: boolean, last: boolean) {
  for (let at = from; at <= name.length; at++) {
    const next = matchChunk(chunk, name, at);
    if (next >= 0 && (!last || next === name.length)) return next;
    if (!star || name[at] === '/') break;
  }
  return -1;
}

/** After a mismatch the rest of the chunk is still read, for its syntax. */
function matchChunk(chunk: readonly string[], name: readonly string[], from: number): number {
  let at = from;
  let failed = false;
  for (let c = 0; c < chunk.length; c++) {
    failed ||= at >= name.length;
    const char = name[at++];
    if (chunk[c] === '[') {
      const found = matchClass(chunk, c + 1, failed ? '' : char!);
      failed ||= !found.matches;
      c = found.end;
    } else if (chunk[c] === '?') {
      failed ||= char === '/';
    } else {
      if (chunk[c] === '\\' && ++c === chunk.length) throw badPattern();
      failed ||= chunk[c] !== char;
    }
  }
  return failed ? -1 : at;
}

function matchClass(chunk: readonly string[], from: number, char: string): { matches: boolean; end: number } {
  const negated = chunk[from] === '^';
  let at = negated ? from + 1 : from;
  const code = char.toWellFormed().codePointAt(0) ?? 0; // a byte that is not text becomes U+FFFD
  let matches = false;
  for (let ranges = 0; chunk[at] !== ']' || ranges === 0; ranges++) {
    const low = classCharacter(chunk, at);
    let high = low;
    at = low.next;
    if (chunk[at] === '-') {
      high = classCharacter(chunk, at + 1);
      at = high.next;
    }
    matches ||= low.code <= code && code <= high.code;
  }
  return { matches: matches !== negated, end: at };
}

/** One character of a class; a class cannot end the chunk, so something has to follow. */
function classCharacter(chunk: readonly string[], from: number): { code: number; next: number } {
  let at = from;
  if (chunk[at] === '-' || chunk[at] === ']') throw badPattern();
  if (chunk[at] === '\\') at++;
  const code = chunk[at]?.codePointAt(0);
  if (code === undefined || (code >= 0xd800 && code <= 0xdfff) || at + 1 >= chunk.length) throw badPattern();
  return { code, next: at + 1 };
}

function badPattern(): Error {
  return new Error('syntax error in pattern');
}
