/** Reads shell text with the package `unbash`, and makes of its tree what rules ask for. Loaded on demand. */
import {
  type AndOr,
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  type Pipeline,
  parse,
  type Redirection,
  type Statement,
  type SyntaxNode,
  type Word,
  type WordPart,
} from 'unbash';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { type LogicalLine, sourceEnd, sourceOffset } from '../../parser/logical-line.ts';
import {
  emptyScript,
  type ShellAssignment,
  type ShellCommand,
  type ShellOperator,
  type ShellPipeline,
  type ShellRedirection,
  type ShellScope,
  type ShellScript,
  type ShellWord,
} from './command.ts';
import { programIndex, programName } from './wrappers.ts';

/**
 * Reads a text. Its cost is linear in the length of the text; a text beyond {@link maxText} has no commands.
 *
 * @param text joined, as the shell gets it
 * @param isQuoted whether it stands in quotes in the file, so that no edit may be made there
 */
export function parseShell(text: LogicalLine, isQuoted = false): ShellScript {
  if (text.text.length > maxText) return { ...emptyScript, isValid: false };
  const tree = readTree(text.text);
  const unplaced = isQuoted ? [placeOf(text, { pos: 0, end: text.text.length })] : [];
  const reader: Reader = { text, commands: [], pipelines: [], unplaced, isValid: true, outer: undefined };
  readScript(reader, tree, []);
  return {
    commands: reader.commands,
    pipelines: reader.pipelines,
    statements: tree.commands.length,
    goesOn: tree.commands.slice(0, -1).some(({ command }) => !stopsOrCannotFail(command)),
    unplaced: reader.unplaced,
    isValid: reader.isValid,
  };
}

/** Maximum number of characters of a text that is read: `$(` alone takes milliseconds for each thousand. */
const maxText = 262_144;

/** Number of characters of text whose trees are kept: an editor asks for the same texts at each key. */
const maxKept = 4 << 20;

let recent = new Map<string, ParsedScript>();
let older: ReadonlyMap<string, ParsedScript> = new Map();
let recentLength = 0;

function readTree(text: string): ParsedScript {
  const known = recent.get(text);
  if (known) return known;
  const tree = older.get(text) ?? parse(text);
  recentLength += text.length;
  if (recentLength > maxKept / 2) [older, recent, recentLength] = [recent, new Map(), text.length];
  recent.set(text, tree);
  return tree;
}

interface Reader {
  readonly text: LogicalLine;
  readonly commands: ShellCommand[];
  readonly pipelines: ShellPipeline[];
  readonly unplaced: SourceRange[];
  isValid: boolean;
  /** The place of all nodes of a script whose positions are not those of the text: one in escaped backticks. */
  outer: SourceRange | undefined;
}

type Scopes = readonly ShellScope[];

/** What a command is part of. */
interface Position {
  readonly scopes: Scopes;
  readonly operator: ShellOperator;
  readonly stage: number;
  readonly background: boolean;
}

function readScript(reader: Reader, script: ParsedScript, scopes: Scopes): void {
  if (script.errors?.length) reader.isValid = false;
  readStatements(reader, script.commands, scopes);
}

function readStatements(reader: Reader, statements: readonly Statement[], scopes: Scopes): void {
  for (const [index, { command, background = false }] of statements.entries()) {
    readNode(reader, command, { scopes, operator: index === 0 ? '' : ';', stage: 0, background });
  }
}

/** Whether a statement ends the script if it fails (`make || exit 1`), or does not fail: a function, `trap`, `set`. */
function stopsOrCannotFail(node: SyntaxNode): boolean {
  if (node.type === 'Function') return true;
  if (node.type === 'Command') return /^(?::|exit|set|trap|true)$/.test(node.name?.value ?? '');
  return node.type === 'AndOr' && node.operators.at(-1) === '||' && exits(node.commands.at(-1)!);
}

function exits(node: SyntaxNode): boolean {
  if (node.type === 'BraceGroup') {
    const last = node.body.commands.at(-1)?.command;
    return last !== undefined && exits(last);
  }
  return node.type === 'Command' && node.name?.value === 'exit';
}

function readNode(reader: Reader, node: SyntaxNode, position: Position): void {
  switch (node.type) {
    case 'Command':
      readCommand(reader, node, position);
      break;
    case 'AndOr':
      readList(reader, node, position);
      break;
    case 'Pipeline':
      readPipeline(reader, node, position);
      break;
    case 'CompoundList':
      readStatements(reader, node.commands, position.scopes);
      break;
    case 'If':
      readBranches(reader, node, position.scopes);
      break;
    case 'While':
      readStatements(reader, node.clause.commands, [...position.scopes, 'condition']);
      readStatements(reader, node.body.commands, [...position.scopes, 'loop']);
      break;
    case 'CommandExpansion':
    case 'ProcessSubstitution':
    case 'ArithmeticCommandExpansion':
      readSubstitution(reader, node, position.scopes);
      break;
    default: {
      const scope = scopeOf(node);
      const scopes = scope ? [...position.scopes, scope] : position.scopes;
      forEachChild(node, (child) => readNode(reader, child, { ...position, scopes }));
    }
  }
}

function scopeOf({ type }: SyntaxNode): ShellScope | undefined {
  switch (type) {
    case 'Subshell':
    case 'Coproc':
      return 'subshell';
    case 'BraceGroup':
      return 'group';
    case 'Function':
      return 'function';
    case 'For':
    case 'ArithmeticFor':
    case 'Select':
      return 'loop';
    case 'CaseItem':
      return 'branch';
    default:
      return undefined;
  }
}

function readBranches(reader: Reader, node: SyntaxNode & { type: 'If' }, scopes: Scopes): void {
  const inCondition: Scopes = [...scopes, 'condition'];
  const inBranch: Scopes = [...scopes, 'branch'];
  for (const { clause, then } of [node, ...node.elif]) {
    readStatements(reader, clause.commands, inCondition);
    readStatements(reader, then.commands, inBranch);
  }
  if (node.else) readStatements(reader, node.else.commands, inBranch);
}

function readList(reader: Reader, { commands, operators }: AndOr, position: Position): void {
  for (const [index, command] of commands.entries()) {
    readNode(reader, command, index === 0 ? position : { ...position, operator: operators[index - 1]! });
  }
}

function readPipeline(reader: Reader, node: Pipeline, position: Position): void {
  const parts: (ShellCommand | undefined)[] = [];
  const after = reader.commands.length;
  for (const [stage, part] of node.commands.entries()) {
    // Each command of a pipeline has a shell of its own.
    const scopes: Scopes =
      node.commands.length > 1 && part.type !== 'Command' ? [...position.scopes, 'subshell'] : position.scopes;
    readNode(reader, part, { ...position, scopes, stage });
    parts.push(part.type === 'Command' ? reader.commands.at(-1) : undefined);
  }
  if (parts.length > 1) reader.pipelines.push({ commands: parts, range: rangeOf(reader, node), after });
}

function readSubstitution(
  reader: Reader,
  node: SyntaxNode & { type: 'CommandExpansion' | 'ProcessSubstitution' | 'ArithmeticCommandExpansion' },
  scopes: Scopes,
): void {
  if (!node.script) return;
  const { outer } = reader;
  if (node.script.source !== undefined && !outer) {
    reader.outer = rangeOf(reader, node);
    reader.unplaced.push(reader.outer);
  }
  readScript(reader, node.script, [...scopes, 'substitution']);
  reader.outer = outer;
}

function readCommand(reader: Reader, node: Command, position: Position): void {
  // What is inside of its words comes first.
  forEachChild(node, (child) => readNode(reader, child, position));
  const words: ShellWord[] = node.name ? [new TreeWord(reader, node.name)] : [];
  for (const arg of node.args) words.push(new TreeWord(reader, arg));
  const program = programIndex(words);
  reader.commands.push({
    words,
    assignments: node.prefix.filter((it) => it.type === 'Assignment').map((it) => readAssignment(reader, it)),
    redirections: node.redirects.map((it) => readRedirection(reader, it)),
    name: programName(words[program]),
    nameWord: words[program],
    args: words.slice(program + 1),
    range: rangeOf(reader, node),
    scopes: position.scopes,
    operator: position.operator,
    stage: position.stage,
    background: position.background,
  });
}

function readAssignment(reader: Reader, node: Assignment): ShellAssignment {
  const value = node.value.type === 'Word' ? literal(node.value) : '';
  return { name: node.name, value, range: rangeOf(reader, node) };
}

function readRedirection(reader: Reader, node: Redirection): ShellRedirection {
  const target = node.type === 'HereDoc' || !node.target ? undefined : new TreeWord(reader, node.target);
  return { operator: node.operator, target };
}

/** A word whose value and place are computed when a rule asks: few are. */
class TreeWord implements ShellWord {
  private readonly line: LogicalLine;
  private readonly outer: SourceRange | undefined;
  private readonly node: Word | Assignment;
  private known: { readonly value: string | undefined } | undefined;

  constructor({ text, outer }: Reader, node: Word | Assignment) {
    this.line = text;
    this.outer = outer;
    this.node = node;
  }

  get text(): string {
    return this.node.text;
  }

  get value(): string | undefined {
    this.known ??= { value: literal(this.node) };
    return this.known.value;
  }

  get range(): SourceRange {
    return this.outer ?? placeOf(this.line, this.node);
  }
}

function literal(node: Word | Assignment): string | undefined {
  if (node.type === 'Word') return node.parts?.every(isLiteral) === false ? undefined : node.value;
  if (node.value.type !== 'Word') return undefined;
  const value = literal(node.value);
  return value === undefined ? undefined : `${node.name}${node.append ? '+' : ''}=${value}`;
}

function isLiteral(part: WordPart): boolean {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
    case 'Glob':
      return true;
    case 'DoubleQuoted':
      return part.parts.every(isLiteral);
    default:
      return false;
  }
}

function rangeOf({ text, outer }: Reader, node: Positioned): SourceRange {
  return outer ?? placeOf(text, node);
}

interface Positioned {
  readonly pos: number;
  readonly end: number;
}

function placeOf(text: LogicalLine, { pos, end }: Positioned): SourceRange {
  return { start: sourceOffset(text, pos), end: sourceEnd(text, end) };
}
