/** Explains an instruction that has taken the next one, because an escape character ends its last line. */
import { lineColumn, type SourceFile, type SourceRange } from '../../diagnostic/source-file.ts';
import { toLower } from '../../go/unicode.ts';
import { instructionNames } from '../keywords.ts';

const pattern = (keywords: string) =>
  new RegExp(`([\\\\\`])[ \\t]*\\r?\\n(?:[ \\t]*(?:#[^\\n]*)?\\r?\\n)*[ \\t]*(${keywords})(?=[ \\t])`);
const upper = pattern(instructionNames.join('|'));
const lower = pattern(toLower(instructionNames.join('|')));
/** Instructions whose text may have any word at the start of a line. */
const ofShell = /^\s*(?:run|cmd|entrypoint|healthcheck|onbuild)\s/i;

/** @param range of an instruction @returns a sentence; undefined if no line of it begins with a keyword */
export function explainSwallowedLine(source: SourceFile, range: SourceRange): string | undefined {
  const written = source.text.slice(range.start, range.end);
  if (ofShell.test(written)) return undefined;
  const found = (/^\s*[a-z]/.test(written) ? lower : upper).exec(written);
  if (!found) return undefined;
  const [whole, token = '', keyword = ''] = found;
  const before = written.slice(0, found.index);
  if (before.split('"').length % 2 === 0 || before.split("'").length % 2 === 0) return undefined; // a text in quotes
  const placeOf = (offset: number) => {
    const { line, column } = lineColumn(source, range.start + offset);
    return `${line}:${column}`;
  };
  const at = placeOf(found.index + whole.length - keyword.length);
  return `The ${token} at ${placeOf(found.index)} continues the line: remove it, if ${keyword} at ${at} begins an instruction.`;
}
