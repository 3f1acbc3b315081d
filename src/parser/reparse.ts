/**
 * Parses a file again after an edit: it reads the instructions that the edit has touched and takes over the others.
 *
 * Between two instructions the lexer remembers nothing but the escape character. So what was read of an instruction
 * stays true if its text is the same, wherever it moves.
 */
import { createSourceFile, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import type { Directive, Dockerfile, EmptyContinuation, EscapeToken, Instruction } from './ast.ts';
import { createAstBuilder, type ReadInstruction, readInstruction } from './build-ast.ts';
import type { CstInstruction } from './cst.ts';
import { type LexBoundary, type LexProblem, lexInPieces } from './lexer.ts';
import { parseDockerfile, parseTokens } from './parse.ts';

/** An instruction with the comments and blank lines above it. */
export interface FileUnit {
  /** Offset of its first line. */
  readonly start: number;
  /** Offset after its last line. */
  readonly end: number;
  /** Number of lines of the file before its first line. */
  readonly firstLine: number;
  /** Number of lines of the file up to its last line. */
  readonly lastLine: number;
  /** What was read, with places as they were then. The same object as long as the text is the same. */
  readonly content: UnitContent;
}

/** What was read of a {@link FileUnit}. */
export interface UnitContent extends Pick<FileUnit, 'start' | 'firstLine'> {
  readonly read: ReadInstruction;
  /** The directives above the first instruction. */
  readonly directives: readonly Directive[];
  /** What the lexer found. */
  readonly problems: readonly LexProblem[];
  readonly emptyContinuations: readonly EmptyContinuation[];
  /** Whether it has a `<<` and no here-document, which an error may be about. */
  readonly mayMissHeredoc: boolean;
}

/** A parsed file that can be parsed again. */
export interface ParsedUnits {
  readonly source: SourceFile;
  readonly escape: EscapeToken;
  /** Its instructions in order; undefined for a file that is read as a whole each time. */
  readonly units: readonly FileUnit[] | undefined;
  /** Number of lines that were read. */
  readonly lines: number;
  /** The problems of the file, as `parseDockerfile` orders them. */
  readonly diagnostics: Dockerfile['diagnostics'];
  /** The syntax tree. It is made when it is asked for first, since that takes longer than an edit. */
  dockerfile(): Dockerfile;
}

/** A longer file is parsed as a whole each time, because it may exceed the limits of the lexer. */
const maxLength = 1 << 20;
/** A file with more problems is not a Dockerfile, and its unknown instructions get no suggestions. */
const maxProblems = 900;

const limits: ReadonlySet<string> = new Set(['line-too-long', 'too-many-words', 'too-many-instructions']);

/**
 * Parses a text whose earlier version was parsed before. The result equals that of `parseDockerfile`.
 *
 * @param before the earlier version; undefined parses everything
 */
export function reparseDockerfile(before: ParsedUnits | undefined, text: string, filename: string): ParsedUnits {
  return (text.length <= maxLength && readUnits(before, text, filename)) || readWhole(text, filename);
}

/** The instruction of a unit, with its places in this version of the file. */
export const unitInstruction = (unit: FileUnit): Instruction => moved(unit.content.read.instruction, moveOf(unit));

/** An instruction at another place. @param by characters @param lines lines */
export const moveInstruction = (instruction: Instruction, by: number, lines: number): Instruction =>
  moved(instruction, { by, lines });

/** The instructions in order, also of a file that is read as a whole. */
export function unitsOf({ units, source, dockerfile }: ParsedUnits): readonly FileUnit[] {
  if (units) return units;
  let [start, firstLine] = [0, 0];
  return dockerfile().instructions.map((instruction) => {
    const { lines } = instruction;
    const end = source.lineStarts[lines.end] ?? source.text.length;
    const read = { instruction, isFrom: instruction.kind === 'from', structural: [], problems: [] };
    const none = { directives: [], problems: [], emptyContinuations: [], mayMissHeredoc: false };
    const unit = { start, end, firstLine, lastLine: lines.end, content: { start, firstLine, read, ...none } };
    [start, firstLine] = [end, lines.end];
    return unit;
  });
}

function readWhole(text: string, filename: string): ParsedUnits {
  const dockerfile = parseDockerfile(text, { filename });
  const { source, diagnostics } = dockerfile;
  return { source, escape: dockerfile.escape, units: undefined, lines: 0, diagnostics, dockerfile: () => dockerfile };
}

/** @returns undefined for a file that has to be read as a whole */
function readUnits(before: ParsedUnits | undefined, text: string, filename: string): ParsedUnits | undefined {
  const old = before?.units ?? [];
  const oldText = before?.source.text ?? '';
  const { prefix, suffix } = commonParts(oldText, text);
  const delta = text.length - oldText.length;

  const units: FileUnit[] = [];
  for (const unit of old) {
    // The last instruction may have ended because the text did.
    if (unit.end > prefix || unit.end >= oldText.length) break;
    units.push(unit);
  }
  const last = units.at(-1);
  const from = last && { offset: last.end, linesBefore: last.lastLine, escape: before!.escape };
  const reader = createReader(text, from);
  let next = units.length;
  let lines: number | undefined;
  for (let unit = reader.read(); unit; unit = reader.read()) {
    units.push(unit);
    if (unit.end < text.length - suffix || reader.escape() !== before?.escape) continue;
    while (next < old.length && old[next]!.end < unit.end - delta) next++;
    const met = old[next];
    if (met?.end !== unit.end - delta) continue;
    const lineDelta = unit.lastLine - met.lastLine;
    for (let i = next + 1; i < old.length; i++) units.push(moveUnit(old[i]!, delta, lineDelta, text, reader.escape()));
    lines = before!.lines + lineDelta;
    break;
  }
  return assemble(units, reader, lines ?? reader.lines(), createSourceFile(filename, text));
}

/** Makes a file of its units. */
function assemble(
  units: readonly FileUnit[],
  reader: Pick<ReturnType<typeof createReader>, 'rest' | 'escape'>,
  lines: number,
  source: SourceFile,
): ParsedUnits | undefined {
  const { rest } = reader;
  const escapeToken = reader.escape();
  const problems: LexProblem[] = [];
  let found = 0;
  for (const unit of units) {
    const { content } = unit;
    found += content.read.problems.length;
    if (content.problems.length > 0) problems.push(...content.problems.map((it) => moved(it, moveOf(unit))));
  }
  problems.push(...rest.problems);
  if (found > maxProblems || problems.some(({ diagnostic }) => limits.has(diagnostic.code))) return undefined;

  /** @param isWhole whether all places are right, and not only those of problems */
  const build = (isWhole: boolean): Dockerfile => {
    const emptyContinuations: EmptyContinuation[] = [];
    const builder = createAstBuilder({ escape: escapeToken, lines, problems, emptyContinuations });
    let isFirst = true;
    for (const unit of units) {
      const { read, directives, emptyContinuations: continuations } = unit.content;
      const isMoved = isWhole || isFirst || read.problems.length > 0 || read.structural.length > 0;
      // The first instruction that is not an ARG decides whether the file begins with a stage.
      isFirst &&= read.instruction.kind === 'arg';
      const move = moveOf(unit);
      builder.addInstruction(isMoved ? moved(read, move) : read);
      if (directives.length > 0) builder.addDirectives(moved(directives, move));
      if (isWhole && continuations.length > 0) emptyContinuations.push(...moved(continuations, move));
    }
    builder.addDirectives(rest.directives);
    return builder.finish(source, () => withHeredocMarks(source.text, units, escapeToken));
  };
  const { diagnostics } = build(false);
  let dockerfile: Dockerfile | undefined;
  const made = () => (dockerfile ??= build(true));
  return { source, escape: escapeToken, units, lines, diagnostics, dockerfile: made };
}

/** Lengths of what two texts have in common at their starts and at their ends, without overlap. */
function commonParts(a: string, b: string): { prefix: number; suffix: number } {
  const shorter = Math.min(a.length, b.length);
  let prefix = 0;
  while (prefix < shorter && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  while (suffix < shorter - prefix && a.charCodeAt(a.length - 1 - suffix) === b.charCodeAt(b.length - 1 - suffix))
    suffix++;
  return { prefix, suffix };
}

type LexFrom = LexBoundary & { readonly escape: EscapeToken };

/** Reads instruction after instruction. */
function createReader(text: string, from: LexFrom | undefined) {
  const lex = lexInPieces(text, { ...(from && { from }), pieceSize: 1 });
  const pieces = lex.pieces();
  let [start, firstLine] = [from?.offset ?? 0, from?.linesBefore ?? 0];
  let [problems, continuations] = [0, 0];
  const rest: { directives: Directive[]; problems: readonly LexProblem[] } = { directives: [], problems: [] };
  return {
    /** What was found after the last instruction. */
    rest,
    escape: () => lex.escape,
    lines: () => lex.lines,
    /** The next instruction; undefined at the end. */
    read(): FileUnit | undefined {
      for (let piece = pieces.next().value; piece; piece = pieces.next().value) {
        const { directives, instructions } = parseTokens(piece);
        rest.directives.push(...directives);
        rest.problems = lex.problems.slice(problems);
        const [node] = instructions;
        if (!node) continue;
        const { head, heredocs, arguments: parts } = node;
        const content: UnitContent = {
          start,
          firstLine,
          read: readInstruction(node),
          ...rest,
          emptyContinuations: lex.emptyContinuations.slice(continuations),
          mayMissHeredoc: heredocs.length === 0 && parts.form !== 'json' && head.original.includes('<<'),
        };
        const unit: FileUnit = { start, end: piece.offset, firstLine, lastLine: piece.linesBefore, content };
        [start, firstLine] = [piece.offset, piece.linesBefore];
        [problems, continuations] = [lex.problems.length, lex.emptyContinuations.length];
        rest.directives = [];
        rest.problems = [];
        return unit;
      }
      return undefined;
    },
  };
}

/** An instruction at another place of the file. */
function moveUnit(unit: FileUnit, by: number, lines: number, text: string, escapeToken: EscapeToken): FileUnit {
  if (by === 0 && lines === 0) return unit;
  const { start, end, firstLine, lastLine, content } = unit;
  if (content.problems.length > 0) {
    // Hints of the lexer name lines.
    const again = createReader(text, {
      offset: start + by,
      linesBefore: firstLine + lines,
      escape: escapeToken,
    }).read();
    if (again) return again;
  }
  return { start: start + by, end: end + by, firstLine: firstLine + lines, lastLine: lastLine + lines, content };
}

interface Move {
  readonly by: number;
  readonly lines: number;
}

const moveOf = ({ start, firstLine, content }: FileUnit): Move => ({
  by: start - content.start,
  lines: firstLine - content.firstLine,
});

/** A copy of a node whose places are moved. */
function moved<T>(node: T, move: Move): T {
  return move.by === 0 && move.lines === 0 ? node : movedCopy(node, move);
}

function movedCopy<T>(node: T, move: Move): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return (node.length === 0 ? node : node.map((it) => movedCopy(it, move))) as T;
  const copy = { ...node } as Record<string, unknown>;
  for (const name in copy) {
    const value = copy[name];
    if (typeof value === 'object' || typeof value === 'number') copy[name] = movedField(name, value, move);
  }
  return copy as T;
}

function movedField(name: string, value: unknown, move: Move): unknown {
  if (typeof value !== 'object' || value === null) {
    if (name === 'line') return (value as number) + move.lines;
    return name === 'at' ? (value as number) + move.by : value;
  }
  if (name === 'range' || name.endsWith('Range')) return moveRange(value, move.by);
  if (name.endsWith('Ranges')) return (value as SourceRange[]).map((it) => moveRange(it, move.by));
  if (name !== 'lines') return movedCopy(value, move);
  return Array.isArray(value) ? value.map((it) => it && moveRange(it, move.lines)) : moveRange(value, move.lines);
}

const moveRange = (range: object, by: number) => {
  const { start, end } = range as SourceRange;
  return { start: start + by, end: end + by };
};

/** The concrete syntax of the instructions with a `<<` and no here-document, to explain errors. */
function* withHeredocMarks(
  text: string,
  units: readonly FileUnit[],
  escapeToken: EscapeToken,
): Generator<CstInstruction> {
  for (const { start, firstLine, content } of units) {
    if (!content.mayMissHeredoc) continue;
    const from = { offset: start, linesBefore: firstLine, escape: escapeToken };
    for (const piece of lexInPieces(text, { from, pieceSize: 1 }).pieces()) {
      const [node] = parseTokens(piece).instructions;
      if (!node) continue;
      yield node;
      break;
    }
  }
}
