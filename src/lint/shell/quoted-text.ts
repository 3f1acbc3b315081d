/** The text for a shell that stands in an array: `["/bin/bash", "-o", "pipefail", "-c", "make | tee log"]`. */
import { type LogicalLine, sourceOffset } from '../../parser/logical-line.ts';
import { readShell, type Shell } from './shell.ts';

/** A shell in exec form, with what it runs. */
export interface ShellInArray {
  /** The shell with its options. */
  readonly shell: Shell;
  /** Index of the text among the words. */
  readonly index: number;
}

/** The shell that the words of an exec form run with a text; undefined for any other program. */
export function shellInArray(words: readonly string[]): ShellInArray | undefined {
  // `-o` and `+o` take the next word.
  const isOption = (word: string, at: number) => at === 0 || /^[-+]/.test(word) || /^[-+]\w*o$/.test(words[at - 1]!);
  const flag = words.findIndex((word, at) => at > 0 && /^-[A-Za-z]*c[A-Za-z]*$/.test(word) && !word.endsWith('o'));
  if (flag < 0 || flag + 1 >= words.length || !words.slice(0, flag).every(isOption)) return undefined;
  const shell = readShell(words.slice(0, flag + 1));
  return shell.isPosix ? { shell, index: flag + 1 } : undefined;
}

/** The content of a string in a JSON array, with the place of each character. @param array the text of the array */
export function stringInArray(array: LogicalLine, index: number): LogicalLine | undefined {
  const [found] = [...array.text.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].slice(index, index + 1);
  if (!found) return undefined;
  const starts: number[] = [];
  const offsets: number[] = [];
  const pieces: string[] = [];
  let length = 0;
  const add = (text: string, at: number): void => {
    starts.push(length);
    offsets.push(sourceOffset(array, at));
    pieces.push(text);
    length += text.length;
  };
  for (const { 0: part, index: inside } of found[1]!.matchAll(/\\(?:u[\da-fA-F]{4}|.)|[^\\]+/gs)) {
    const at = found.index + 1 + inside;
    if (part.startsWith('\\')) {
      add(JSON.parse(`"${part}"`) as string, at);
      continue;
    }
    const breaks = array.starts.filter((it) => it > at && it < at + part.length);
    for (const [position, from] of [at, ...breaks].entries())
      add(array.text.slice(from, breaks[position] ?? at + part.length), from);
  }
  if (starts.length === 0) add('', found.index + 1);
  return { text: pieces.join(''), starts, offsets };
}
