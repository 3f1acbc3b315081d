import { DiagnosticError } from '../diagnostic/diagnostic.ts';
import { aDockerfile } from '../diagnostic/source-file.ts';
import { lexDockerfile } from '../parser/lexer.ts';
import { parseDockerfile } from '../parser/parse.ts';
import { HeredocEnd } from '../parser/tokens.ts';
import { skipSpaceBack } from '../parser/white-space.ts';
import { checkArgument } from '../text/arguments.ts';
import { layOut } from './blank-lines.ts';
import { formatInstruction } from './instruction.ts';
import type { FileStyle } from './instruction-words.ts';
import { applyOptOuts } from './opt-out.ts';
import { cutParts, looksLikeDirective, type Part } from './parts.ts';
import { requireSameBuild } from './same-build.ts';

/** What {@link formatDockerfile} needs to know besides the text. */
export interface FormatDockerfileOptions {
  /** The name that errors give the file. `Dockerfile` by default. */
  readonly filename?: string;
}

/**
 * Formats a Dockerfile. The result builds the same: the ops and the image config are equal, and only the names of steps
 * show the new spelling. Formatting it again changes nothing.
 *
 * @param text the text of the file; `decodeText` makes it of the file's bytes
 * @throws DiagnosticError with all syntax errors of a file that has some
 */
export function formatDockerfile(text: string, options: FormatDockerfileOptions = {}): string {
  checkArgument('formatDockerfile', 'text', text, aDockerfile);
  const before = parseDockerfile(text, options);
  const [problem, ...others] = before.diagnostics;
  if (problem) throw new DiagnosticError([problem, ...others], { source: before.source });
  const style: FileStyle = { lineBreak: usualLineBreak(text), escapeToken: before.escape };
  const { tokens } = lexDockerfile(text);
  const parts = layOut(applyOptOuts(cutParts(text, tokens)));
  const formatted = (text.startsWith('\ufeff') ? '\ufeff' : '') + parts.map((part) => formatPart(part, style)).join('');
  if (formatted !== text) requireSameBuild(before, parseDockerfile(formatted, options));
  return formatted;
}

/** The line break that most lines have. */
function usualLineBreak(text: string): FileStyle['lineBreak'] {
  const lines = text.split('\n');
  const last = lines.pop();
  const withReturn = lines.filter((line) => line.endsWith('\r')).length;
  return last !== undefined && withReturn * 2 > lines.length ? '\r\n' : '\n';
}

function formatPart(part: Part, style: FileStyle): string {
  const { lineBreak } = style;
  switch (part.kind) {
    case 'blank':
      return lineBreak;
    case 'verbatim':
      return part.source;
    case 'directive':
      return withoutLineBreak(part.source) + lineBreak;
    case 'comment':
      return (needsItsPlace(part) ? withoutLineBreak(part.source) : withoutBlanks(part.text)) + lineBreak;
    case 'instruction': {
      const text = withoutLineBreak(formatInstruction(part, style)) + lineBreak;
      const heredocs = part.heredocs.map(({ tokenType, image }) =>
        tokenType === HeredocEnd ? image + lineBreak : image,
      );
      return text + heredocs.join('');
    }
  }
}

/**
 * Whether a line may mean something else without the blanks before it: an empty comment ends those on an instruction.
 */
function needsItsPlace(part: Part & { readonly text: string }): boolean {
  const isIndented = !part.source.startsWith('#');
  return looksLikeDirective(part) || (isIndented && (/^#\s*$/.test(part.text) || !/^[ \t]*#/.test(part.source)));
}

const withoutBlanks = (text: string) => text.slice(0, skipSpaceBack(text, 0, text.length));

function withoutLineBreak(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
  return text.slice(0, end);
}
