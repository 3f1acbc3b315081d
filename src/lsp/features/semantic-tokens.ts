/** The meaning of the words of a document, for colors. */
import { type SemanticTokens, SemanticTokensBuilder } from 'vscode-languageserver/node';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { type FileUnit, type UnitContent, unitInstruction } from '../../parser/reparse.ts';
import type { OpenDocument } from '../documents.ts';
import type { DocumentSession } from '../session.ts';
import { unitFacts } from '../unit-facts.ts';

/** The types of tokens, by their numbers in the protocol. */
export const tokenTypes = ['keyword', 'comment', 'parameter', 'variable', 'class', 'macro', 'string'] as const;
type TokenType = (typeof tokenTypes)[number];

interface Token extends SourceRange {
  readonly type: TokenType;
}

/** Tokens of a unit, relative to its start. */
const known = new WeakMap<UnitContent, readonly Token[]>();

/** The tokens of a document, or of a part of it. */
export function semanticTokens({ document }: DocumentSession, part?: SourceRange): SemanticTokens {
  const builder = new SemanticTokensBuilder();
  const { text } = document;
  const push = (start: number, end: number, type: TokenType) => {
    // A token is on one line.
    for (let from = start; from < end; ) {
      const newline = text.indexOf('\n', from);
      const to = newline < 0 ? end : Math.min(end, newline);
      const trimmed = text[to - 1] === '\r' ? to - 1 : to;
      const { line, character } = document.positionAt(from);
      if (trimmed > from) builder.push(line, character, trimmed - from, tokenTypes.indexOf(type), 0);
      from = to + 1;
    }
  };
  for (const unit of document.units) {
    if (part && (unit.end < part.start || unit.start > part.end)) continue;
    for (const { start, end, type } of tokensOf(document, unit)) push(unit.start + start, unit.start + end, type);
  }
  const below = document.units.at(-1)?.end ?? 0;
  for (const { start, end, type } of commentsIn(text, below, text.length, false)) push(start, end, type);
  return builder.build();
}

function tokensOf(document: OpenDocument, unit: FileUnit): readonly Token[] {
  let tokens = known.get(unit.content);
  if (!tokens) known.set(unit.content, (tokens = findTokens(document, unit)));
  return tokens;
}

function findTokens({ text, parsed }: OpenDocument, unit: FileUnit): Token[] {
  const instruction = unitInstruction(unit);
  const facts = unitFacts(unit, text, parsed.escape);
  const heredocs = 'heredocs' in instruction ? instruction.heredocs : [];
  const contentStart = heredocs[0]?.contentRange.start ?? instruction.range.end;
  const tokens: Token[] = [
    ...commentsIn(text, unit.start, instruction.keywordRange.start, unit.firstLine === 0),
    { ...instruction.keywordRange, type: 'keyword' },
    ...instruction.flags.map(({ range }): Token => ({ ...range, type: 'parameter' })),
    ...commentsIn(text, lineAfter(text, instruction.range.start), contentStart, false),
  ];
  if (instruction.kind === 'from' && instruction.as) tokens.push({ ...instruction.as.keyword.range, type: 'keyword' });
  for (const { contentRange, name } of heredocs) {
    const end = text.indexOf(name, contentRange.end);
    if (end >= 0 && end <= contentRange.end + 100) tokens.push({ start: end, end: end + name.length, type: 'macro' });
  }
  const absolute = ({ start, end }: SourceRange, type: TokenType): Token => ({
    start: start + unit.start,
    end: end + unit.start,
    type,
  });
  const names = [
    ...facts.uses.map(({ range }) => absolute(range, 'variable')),
    ...facts.defined.map(({ range, kind }) => absolute(range, kind === 'stage' ? 'class' : 'variable')),
    ...facts.stageUses.filter(({ name }) => !name.includes('$')).map(({ range }) => absolute(range, 'class')),
  ];
  return withoutOverlaps(tokens, names).map(({ start, end, type }) => ({
    start: start - unit.start,
    end: end - unit.start,
    type,
  }));
}

/** Offset of the next line. */
function lineAfter(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

const directive = /^\s*#\s*(?:syntax|escape|check)\s*=/i;

/** The comment lines in a part of the text that begins at a line. */
function commentsIn(text: string, start: number, end: number, mayBeDirective: boolean): Token[] {
  const tokens: Token[] = [];
  for (let at = start; at < end; at = lineAfter(text, at)) {
    const line = text.slice(at, Math.min(end, lineAfter(text, at))).trimEnd();
    const hash = /^[ \t]*#/.exec(line);
    if (!hash) continue;
    const type = mayBeDirective && directive.test(line) ? 'macro' : 'comment';
    tokens.push({ start: at + hash[0].length - 1, end: at + line.length, type });
  }
  return tokens;
}

/** Tokens in order, with `inner` cut out of the others. */
function withoutOverlaps(tokens: readonly Token[], inner: readonly Token[]): Token[] {
  const sorted = [...inner].sort((a, b) => a.start - b.start);
  const cut = tokens.flatMap((token) => {
    const parts: Token[] = [];
    let { start } = token;
    for (const other of sorted) {
      if (other.end <= start || other.start >= token.end) continue;
      if (other.start > start) parts.push({ ...token, start, end: other.start });
      start = other.end;
    }
    if (start < token.end) parts.push({ ...token, start });
    return parts;
  });
  const all = [...cut, ...sorted].sort((a, b) => a.start - b.start || b.end - a.end);
  return all.filter(({ start }, index) => index === 0 || start >= all[index - 1]!.end);
}
