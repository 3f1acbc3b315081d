/** What one instruction defines and uses. It is found once for each text of an instruction. */
import type { SourceRange } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import type { Heredoc, Instruction } from '../parser/ast.ts';
import { lookUpKeyword } from '../parser/keywords.ts';
import { type FileUnit, type UnitContent, unitInstruction } from '../parser/reparse.ts';
import { findVariableUses, shellAssignments, type VariableUse } from './variable-uses.ts';

/** A variable that an instruction sets, or a stage that it begins. */
interface Defined {
  readonly kind: 'arg' | 'env' | 'stage';
  /** As it is looked up: of a stage in lower case. */
  readonly name: string;
  /** The name in the file. */
  readonly range: SourceRange;
  /** The value as written; undefined if absent. */
  readonly value: string | undefined;
}

/** A place that names a stage. */
interface StageUse {
  /** As written. */
  readonly name: string;
  readonly range: SourceRange;
  /** Whether it is the base in a FROM, whose case counts. */
  readonly isBase: boolean;
}

/** The facts about an instruction. Places are relative to the start of its unit. */
export interface UnitFacts {
  /** The name of the instruction in lower case; '' for an unknown instruction. */
  readonly name: string;
  readonly defined: readonly Defined[];
  readonly uses: readonly VariableUse[];
  /** Who replaces the variables: Docker, the shell of the build, or the shell of a container, which knows no ARG. */
  readonly expandedBy: 'docker' | 'shell' | 'container' | 'nobody';
  /** Names that a command sets itself. */
  readonly own: ReadonlySet<string>;
  readonly stageUses: readonly StageUse[];
}

const known = new WeakMap<UnitContent, UnitFacts>();
const none: ReadonlySet<string> = new Set();

/** The facts about an instruction. @param text the file */
export function unitFacts(unit: FileUnit, text: string, escapeToken: string): UnitFacts {
  let facts = known.get(unit.content);
  if (!facts) known.set(unit.content, (facts = findFacts(unitInstruction(unit), text, escapeToken, unit.start)));
  return facts;
}

/** The name of an instruction in lower case, if need be as it was meant; '' for an unknown instruction. */
export const nameOf = ({ kind, keyword }: Instruction): string =>
  kind === 'invalid' ? lookUpKeyword(keyword).name : kind;

function findFacts(instruction: Instruction, text: string, escapeToken: string, origin: number): UnitFacts {
  const name = nameOf(instruction);
  const expandedBy = expansion(name, instruction);
  const heredocs = 'heredocs' in instruction ? instruction.heredocs : [];
  const isShell = expandedBy === 'shell' || expandedBy === 'container';
  const uses = expandedBy === 'nobody' ? [] : usesOf(instruction, heredocs, text, escapeToken, isShell);
  const relative = <T extends { readonly range: SourceRange }>(it: T): T => ({
    ...it,
    range: { start: it.range.start - origin, end: it.range.end - origin },
  });
  const hasOwn = isShell && uses.length > 0;
  return {
    name,
    defined: definedBy(instruction, text).map(relative),
    uses: uses.map(relative),
    expandedBy,
    own: hasOwn ? shellAssignments(text.slice(instruction.keywordRange.end, instruction.range.end)) : none,
    stageUses: stageUses(instruction, text).map(relative),
  };
}

function expansion(name: string, instruction: Instruction): UnitFacts['expandedBy'] {
  const isExec = 'shellForm' in instruction && !instruction.shellForm;
  switch (name) {
    case 'run':
      return isExec && instruction.flags.length === 0 ? 'nobody' : 'shell';
    case 'cmd':
    case 'entrypoint':
    case 'healthcheck':
      return isExec ? 'nobody' : 'container';
    case 'shell':
    case 'maintainer':
      return 'nobody';
    case '':
      return 'shell'; // it may be a line of a RUN
    default:
      return 'docker';
  }
}

function usesOf(
  instruction: Instruction,
  heredocs: readonly Heredoc[],
  text: string,
  escapeToken: string,
  isShell: boolean,
): VariableUse[] {
  const { keywordRange, range } = instruction;
  // COPY and ADD keep the content of here-documents without its place: it is what follows their own lines.
  const contents = 'contents' in instruction ? instruction.contents : [];
  const hasContents = contents.length > 0;
  const lineEnd = hasContents ? endOfLogicalLine(text, keywordRange.end, range.end, escapeToken) : range.end;
  const ownEnd = heredocs[0]?.contentRange.start ?? lineEnd;
  const uses = findVariableUses(
    text,
    { start: keywordRange.end, end: ownEnd },
    isShell ? '\\' : escapeToken,
    isShell ? 'shell' : 'words',
  );
  for (const { contentRange } of heredocs) uses.push(...findVariableUses(text, contentRange, '\\', 'content'));
  if (hasContents && contents.every(({ expand }) => expand))
    uses.push(...findVariableUses(text, { start: ownEnd, end: range.end }, escapeToken, 'content'));
  return uses;
}

/** The end of the line of an instruction with its continuations. */
function endOfLogicalLine(text: string, start: number, end: number, escapeToken: string): number {
  for (let at = start; at < end; ) {
    const newline = text.indexOf('\n', at);
    if (newline < 0 || newline >= end) return end;
    const line = text.slice(at, newline).trimEnd();
    if (!line.endsWith(escapeToken) && !/^\s*#/.test(line)) return newline + 1;
    at = newline + 1;
  }
  return end;
}

function definedBy(instruction: Instruction, text: string): Defined[] {
  const at = (name: string, { start }: SourceRange): SourceRange | undefined =>
    text.startsWith(name, start) ? { start, end: start + name.length } : undefined;
  const defined: Defined[] = [];
  if (instruction.kind === 'from' && instruction.as) {
    const { text: written, range } = instruction.as.name;
    defined.push({ kind: 'stage', name: toLower(written), range, value: undefined });
  } else if (instruction.kind === 'arg') {
    for (const { key, value, range } of instruction.args) {
      const place = at(key, range);
      if (place && key !== '') defined.push({ kind: 'arg', name: key, range: place, value });
    }
  } else if (instruction.kind === 'env') {
    for (const { key, value, range } of instruction.pairs) {
      const place = at(key, range);
      if (!place || key === '') continue;
      // An ENV that lacks a value.
      const isSet = value !== '' || /^["']?=/.test(text.slice(place.end, place.end + 2));
      defined.push({ kind: 'env', name: key, range: place, value: isSet ? value : undefined });
    }
  }
  return defined;
}

function stageUses(instruction: Instruction, text: string): StageUse[] {
  if (instruction.kind === 'from') {
    const { text: name, range } = instruction.image;
    return name === '' ? [] : [{ name, range, isBase: true }];
  }
  const uses: StageUse[] = [];
  for (const { name, value, range } of instruction.flags) {
    const start = range.end - (value?.length ?? 0);
    if (name === 'from' && value && text.slice(start, range.end) === value)
      uses.push({ name: value, range: { start, end: range.end }, isBase: false });
    if (name !== 'mount' || !value) continue;
    const written = text.slice(range.start, range.end);
    const [found, before = '', stage = ''] = /^(.*?[=,"']from=)([^,"'\s]+)/is.exec(written) ?? [];
    if (found === undefined) continue;
    const from = range.start + before.length;
    uses.push({ name: stage, range: { start: from, end: from + stage.length }, isBase: false });
  }
  return uses;
}
