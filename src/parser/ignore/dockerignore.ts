/** `.dockerignore`: a list of patterns, one a line. */
import { clean } from '../../go/path.ts';
import { encodeText } from '../../go/text.ts';
import { trimSpace } from '../../go/unicode.ts';

/** Lines from this many bytes on (their line feed not counted) are refused, as by Go's line scanner. */
const tooLong = 64 * 1024;

/** A pattern of an ignore file. */
export interface IgnoreRule {
  /** The pattern in the form of {@link parseDockerignore}. */
  readonly pattern: string;
  /** The pattern as written, without the blanks around it. */
  readonly text: string;
  /** Its line in the file, from 1. */
  readonly line: number;
}

/**
 * The patterns of an ignore file: comments and blank lines dropped, paths cleaned, a leading slash removed, `!` kept.
 *
 * @throws Error if a line is too long
 */
export function parseDockerignore(text: string): string[] {
  return ignoreRules(text).map(({ pattern }) => pattern);
}

/**
 * The patterns of an ignore file with their places.
 *
 * @throws Error if a line is too long
 */
export function ignoreRules(text: string): IgnoreRule[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const rules: IgnoreRule[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.length >= tooLong / 3 && encodeText(line).length >= tooLong)
      throw new Error('bufio.Scanner: token too long');
    if (line.startsWith('#')) continue;
    const written = trimSpace(line);
    let pattern = written;
    if (pattern === '') continue;
    const negated = pattern.startsWith('!');
    if (negated) pattern = trimSpace(pattern.slice(1));
    if (pattern !== '') pattern = clean(pattern);
    if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    rules.push({ pattern: negated ? `!${pattern}` : pattern, text: written, line: index + 1 });
  }
  return rules;
}
