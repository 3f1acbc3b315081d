/** Here-documents: `<<NAME` words, and their contents. */
import { aString, checkArgument } from '../text/arguments.ts';
import { createShellLex, emptyEnv } from './words.ts';

/** The parts of a `<<NAME` word. */
export interface HeredocMark {
  /** The delimiter, without quotes. */
  readonly name: string;
  /** The number before `<<`; 0 if absent. */
  readonly fileDescriptor: number;
  /** Whether variables in the content are expanded; false if a part of the name is quoted. */
  readonly expand: boolean;
  /** Whether it is `<<-`. */
  readonly chomp: boolean;
}

// Here the escape is always a backslash, regardless of the escape directive.
const unquoted = createShellLex({ escape: '\\', skipUnsetEnv: true });
const quoted = createShellLex({ escape: '\\', skipUnsetEnv: true, rawQuotes: true });
const raw = createShellLex({ escape: '\\', skipUnsetEnv: true, rawQuotes: true, rawEscapes: true });

// The name must not begin with a blank, or the pattern would try all ways to divide the blanks.
const mark = /^(\d*)<<(-?)[\t\n\f\r ]*((?:[^<\t\n\f\r ][^<]*)?)$/;

/** Reads a word as `<<NAME`; undefined if it is not one. Throws if quotes or substitutions in the name are broken. */
export function parseHeredoc(word: string): HeredocMark | undefined {
  checkArgument('parseHeredoc', 'word', word, aString);
  if (!word.includes('<<')) return undefined;
  const match = mark.exec(word);
  const name = match?.[3];
  if (!match || !name) return undefined;

  const names = unquoted.processWords(name, emptyEnv);
  if (names.length !== 1) return undefined;
  const quotedNames = quoted.processWords(name, emptyEnv);
  if (quotedNames.length !== 1) throw new Error(`internal lexing of heredoc produced inconsistent results: ${name}`);
  return {
    name: names[0]!,
    fileDescriptor: Number(match[1]),
    expand: countQuotes(names[0]!) === countQuotes(quotedNames[0]!),
    chomp: match[2] === '-',
  };
}

/** Like {@link parseHeredoc}, but undefined for a malformed word. */
export function tryParseHeredoc(word: string): HeredocMark | undefined {
  try {
    return parseHeredoc(word);
  } catch {
    return undefined;
  }
}

/** The marks of all here-documents in an instruction's line. Throws as {@link parseHeredoc} does. */
export function findHeredocs(line: string): HeredocMark[] {
  let words: string[];
  try {
    words = raw.processWords(line, emptyEnv);
  } catch {
    return [];
  }
  return words.map(parseHeredoc).filter((heredoc) => heredoc !== undefined);
}

/** Drops the leading tabs of all lines, for `<<-`. */
export function chompHeredocContent(content: string): string {
  checkArgument('chompHeredocContent', 'content', content, aString);
  return content.replace(/(^|\n)\t+/g, '$1');
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22 || code === 0x27) count++;
  }
  return count;
}
