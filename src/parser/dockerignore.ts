/** `.dockerignore`: a list of patterns, one a line. */
import { clean } from '../go/path.ts';
import { trimSpace } from '../go/unicode.ts';
import { encodeText } from './text.ts';

/** Lines from this many bytes on (their line feed not counted) are refused, as by Go's line scanner. */
const tooLong = 64 * 1024;

/**
 * The patterns of an ignore file: comments and blank lines dropped, paths cleaned, a leading slash removed, `!` kept.
 *
 * @throws Error where a line is too long
 */
export function parseDockerignore(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const patterns: string[] = [];
  for (const line of lines) {
    if (line.length >= tooLong / 3 && encodeText(line).length >= tooLong)
      throw new Error('bufio.Scanner: token too long');
    if (line.startsWith('#')) continue;
    let pattern = trimSpace(line);
    if (pattern === '') continue;
    const negated = pattern.startsWith('!');
    if (negated) pattern = trimSpace(pattern.slice(1));
    if (pattern !== '') pattern = clean(pattern);
    if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    patterns.push(negated ? `!${pattern}` : pattern);
  }
  return patterns;
}
