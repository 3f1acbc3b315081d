/** Finds the bytes that keep a build from being sent: a message for BuildKit takes only UTF-8. */
import type { Diagnostic } from '../../diagnostic/diagnostic.ts';
import type { SourceFile } from '../../diagnostic/source-file.ts';
import { nameCharacters } from './explain-error.ts';
import { findOddCharacters } from './odd-characters.ts';

/** The place and the hint of an error about text that is not UTF-8; nothing if the error is another one. */
export function explainStrayBytes(source: SourceFile, message: string): Pick<Diagnostic, 'range' | 'hint'> | undefined {
  if (!message.endsWith('string field contains invalid UTF-8')) return undefined;
  const isComment = (at: number) => /^[ \t]*#/.test(source.text.slice(source.text.lastIndexOf('\n', at) + 1, at));
  const first = findOddCharacters(source.text, 0, source.text.length, 'instruction').find(
    ({ at, name }) => name.startsWith('byte ') && !isComment(at),
  );
  return first && { range: { start: first.at, end: first.at + 1 }, hint: nameCharacters(source, [first]) };
}
