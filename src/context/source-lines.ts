/** The files that a definition was made of, as lines. */
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import type { EscapeToken } from '../parser/ast.ts';
import { parseDirective } from '../parser/directives.ts';

/** A file that a definition was made of. */
export interface SourceLines {
  /** Its lines; none if the definition does not contain the file. */
  readonly lines: readonly string[];
  /** What continues a line at its end. */
  readonly escapeToken: EscapeToken;
}

const noSource: SourceLines = { lines: [], escapeToken: '\\' };

/** Files are cut once, although each step asks for its lines. */
const linesByData = new WeakMap<Uint8Array, SourceLines>();

/** The lines of a file of a definition. */
export function sourceLines({ source }: Definition, filename: string): SourceLines {
  const data = source?.infos.find((info) => info.filename === filename)?.data;
  if (!data) return noSource;
  let lines = linesByData.get(data);
  if (!lines) {
    const text = decodeText(data);
    const escapeToken = parseDirective('escape', text)?.value === '`' ? '`' : '\\';
    linesByData.set(data, (lines = { lines: text.split('\n'), escapeToken }));
  }
  return lines;
}
