/**
 * Splits a command line into words as Go's shlex does: quotes and backslashes count, everything else a shell knows
 * (operators, globs, variables) is an ordinary character, and a backslash in double quotes escapes any character.
 */
import { parse } from 'shell-quote';

// Alternatives: a comment, single quotes, double quotes, an escape, and characters that mean something to shell-quote.
const special = /((?:^|[ \t\r\n])#[^\n]*)|'([^']*)('?)|"((?:\\[\s\S]|[^"\\])*)("?)|\\([\s\S]?)|[^\w \t\r\n]/g;
const open = '\uFDD0'; // noncharacters: no text has them
const close = '\uFDD1';

/**
 * The words of a command line, as `run({ shlex })` takes it.
 *
 * @throws when a quote is not closed or nothing follows a backslash
 * @example
 * splitWords(`go build -o 'my app' .`); // ['go', 'build', '-o', 'my app', '.']
 */
export function splitWords(line: string): string[] {
  // shell-quote sees no character that it would treat otherwise than as a part of a word.
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
