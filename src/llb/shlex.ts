/**
 * Splits a command line into words as Go's shlex does. It knows quotes, backslashes and comments. Operators, globs and
 * variables of shells are ordinary characters, and a backslash in double quotes escapes any character.
 */
import { parse } from 'shell-quote';
import { aString, checkArgument } from '../text/arguments.ts';

// Alternatives: a comment, single quotes, double quotes, an escape, and characters that mean something to shell-quote.
const special = /((?:^|[ \t\r\n])#[^\n]*)|'([^']*)('?)|"((?:\\[\s\S]|[^"\\])*)("?)|\\([\s\S]?)|[^\w \t\r\n]/g;
const open = '\uFDD0'; // noncharacters, which do not occur in text
const close = '\uFDD1';

/**
 * Splits a command line into words, as `run({ shlex })` does.
 *
 * @throws Error if a quote is not closed or a backslash is the last character
 * @example
 * splitWords(`go build -o 'my app' .`); // ['go', 'build', '-o', 'my app', '.']
 */
export function splitWords(line: string): string[] {
  checkArgument('splitWords', 'line', line, aString);
  // Mask every character that shell-quote does not take as a part of a word.
  const masked = line.replace(special, (match, comment, single, singleEnd, double, doubleEnd, escaped) => {
    if (comment !== undefined) return '';
    if (singleEnd === '' || doubleEnd === '') throw new Error('EOF found when expecting closing quote');
    if (escaped === '') throw new Error('EOF found after escape character');
    if (single !== undefined) return `'${mask(single)}'`;
    if (double !== undefined) return `"${mask(double.replace(/\\([\s\S])/g, '$1'))}"`;
    return mask(escaped ?? match);
  });
  return parse(masked).map((word) => unmask(word as string));
}

function mask(text: string): string {
  return text.replace(/[^\w]/g, (unit) => `${open}${unit.charCodeAt(0).toString(16)}${close}`);
}

function unmask(text: string): string {
  return text.replace(/\uFDD0([0-9a-f]+)\uFDD1/g, (_, unit) => String.fromCharCode(Number.parseInt(unit, 16)));
}
