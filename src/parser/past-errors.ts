/**
 * Reads a Dockerfile in spite of its errors, for a check: what the author of a wrong instruction probably meant takes
 * its place, so that it can be told what is wrong with the others.
 */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { SourceRange } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import { editDistance } from '../text/suggest.ts';
import type {
  Dockerfile,
  FromInstruction,
  Instruction,
  InstructionBase,
  Stage,
  StageInstruction,
  Word,
} from './ast.ts';
import { createAstBuilder, type ReadInstruction, readInstruction } from './build-ast.ts';
import type { CstInstruction, CstPair } from './cst.ts';
import { explainBrokenArray } from './hints/broken-array.ts';
import { otherEncoding } from './hints/encoding.ts';
import { explainWrongEnd } from './hints/missed-heredoc.ts';
import { flagsOf } from './instructions/flags-of.ts';
import { stageNamePattern } from './instructions/from.ts';
import { similarFlag } from './instructions/read-flags.ts';
import { instructionNames, type KeywordLookup, lookUpKeyword } from './keywords.ts';
import { type GuessedEnd, type LexGuesses, lexInPieces } from './lexer.ts';
import { parseTokens } from './parse.ts';
import { isShellWord, noteShellLines, type ShellLines, sameLetters, shellLinesOf } from './shell-lines.ts';

/** A file that was read in spite of its errors. */
export interface ReadPastErrors {
  /**
   * Its syntax tree, with all errors. An instruction whose keyword alone is misspelled is read as the one that was
   * meant.
   */
  readonly dockerfile: Dockerfile;
  /**
   * Instructions in the stages that stand for wrong ones, as far as these can be read. Their values are not certain.
   * That of a FROM has the image '' if the base is not known.
   */
  readonly standIns: ReadonlySet<Instruction>;
  /** Instructions that are rather text of a shell, whose line above lacks an escape character at its end. */
  readonly shellText: ReadonlySet<Instruction>;
  /** Whether a stage may have a name that could not be read: a name that is not a stage may be that one. */
  readonly mayLackNames: boolean;
}

const none: ReadonlySet<Instruction> = new Set();

/** A file with more unknown instructions is not a Dockerfile. */
const maxUnknown = 1000;
/** A longer file has no second reading beside the first: together they would take too much memory. */
const maxInstructions = 20_000;

/** Errors after which a file is not read: nobody knows what is there. */
const endsReading: ReadonlySet<string> = new Set(['line-too-long', 'too-many-instructions', 'too-many-words']);

/**
 * Reads a parsed file again, in spite of its errors.
 *
 * @param pass pauses for other work
 * @returns undefined if it cannot be told what its instructions are; the file itself if it has no errors
 */
export async function readPastErrors(
  parsed: Dockerfile,
  pass: () => Promise<void> | undefined,
): Promise<ReadPastErrors | undefined> {
  const { source, diagnostics } = parsed;
  if (diagnostics.length === 0) return { dockerfile: parsed, standIns: none, shellText: none, mayLackNames: false };
  const { text } = source;
  if (text === '' || diagnostics.some(({ code }) => endsReading.has(code)) || otherEncoding(text) !== undefined)
    return undefined;
  if (parsed.instructions.length > maxInstructions) return undefined;
  if (diagnostics.filter(({ code }) => code === 'unknown-instruction').length > maxUnknown) return undefined;

  const shellLines = shellLinesOf(parsed);
  const guesses = createGuesses(shellLines);
  const lex = lexInPieces(text, { guesses });
  const builder = createAstBuilder(lex);
  const standIns = new Set<Instruction>();
  const shellText = new Set<Instruction>();
  let before: Instruction | undefined;
  let isInStage = false;
  for (const piece of lex.pieces()) {
    const { directives, instructions } = parseTokens(piece);
    builder.addDirectives(directives);
    for (const node of instructions) {
      const { isCertain, ...read } = readNode(node, isInStage);
      const { instruction } = read;
      isInStage ||= instruction.kind === 'from';
      if (!isCertain) standIns.add(instruction);
      const isShellText = shellLines.has(node.head.word.range.start);
      if (isShellText) shellText.add(instruction);
      // The next line of a command that was to be continued: what was read of the command is not all of it.
      if ((isShellText || isContinuation(node, read)) && before && before.kind !== 'from') standIns.add(before);
      builder.addInstruction(read);
      before = instruction;
    }
    await pass();
  }
  const again = lexInPieces(text, { guesses: createGuesses(shellLines) });
  const dockerfile = builder.finish(source, function* () {
    for (const piece of again.pieces()) yield* parseTokens(piece).instructions;
  });
  const { stages } = dockerfile;
  const mayLackNames = stages.some(({ from }) => standIns.has(from) && lacksName(from));
  const stage = stages.length > 0 ? undefined : stageWithoutFrom(dockerfile);
  if (stage) standIns.add(stage.from);
  const whole = stage ? { ...dockerfile, metaArgs: [], stages: [stage] } : dockerfile;
  noteShellLines(whole, shellLines);
  return { dockerfile: whole, standIns, shellText, mayLackNames };
}

/** Whether the name of a stage is missing in a FROM with an error, which has its base alone. */
const lacksName = ({ as, image, code, keyword }: FromInstruction) =>
  !as && ((image.text === '' && lookUpKeyword(keyword).name === 'from') || /\sas$/i.test(code));

/** The stage of a file that has no FROM. */
function stageWithoutFrom({ instructions }: Dockerfile): Stage | undefined {
  const inStage = instructions.filter((it): it is StageInstruction => it.kind !== 'from' && it.kind !== 'invalid');
  const [first] = inStage;
  if (!first) return undefined;
  const { range, keywordRange, lines } = first;
  const start = { start: range.start, end: range.start };
  const base = { keyword: 'FROM', keywordRange, range: start, lines, code: '', comments: [], flags: [] };
  return { kind: 'stage', name: '', from: unknownFrom(base), instructions: inStage };
}

/** A FROM whose image is not known. */
function unknownFrom(base: InstructionBase): FromInstruction {
  const image = { text: '', range: base.keywordRange };
  return { kind: 'from', ...base, image, as: undefined, platform: '', docComment: '' };
}

/** An instruction, or what stands for it. */
interface ReadNode extends ReadInstruction {
  /** Whether it is all that was meant. */
  readonly isCertain: boolean;
}

type Mended = Pick<ReadNode, 'instruction' | 'isCertain'>;

/** Reads an instruction in spite of its errors. @param isInStage whether there was a FROM, or what may have been one */
export function readNode(node: CstInstruction, isInStage: boolean): ReadNode {
  const read = readInstruction(node);
  const { head } = node;
  // The keyword is an error of its own.
  const isMisspelled = head.name !== '' && lookUpKeyword(head.word.text).name === '';
  const problems = isMisspelled
    ? [...readInstruction({ ...node, head: { ...head, name: '' } }).problems, ...read.problems]
    : read.problems;
  if (read.instruction.kind !== 'invalid')
    return {
      ...read,
      instruction: isMisspelled ? withoutKeyword(read.instruction) : read.instruction,
      problems,
      isCertain: true,
    };
  const { kind: _, ...base } = read.instruction;
  const mended = withFlagValue(node, read) ?? withoutFlaws(node, read);
  if (mended) return { ...read, ...mended, problems };
  const instruction = standIn(node, base, isInStage);
  return { ...read, instruction: instruction ?? read.instruction, problems, isCertain: !instruction };
}

/** The trigger of an ONBUILD whose keyword is misspelled follows it. */
function withoutKeyword(instruction: Instruction): Instruction {
  if (instruction.kind !== 'onbuild') return instruction;
  return { ...instruction, expression: instruction.expression.replace(/^\s*\S+\s+/, '') };
}

/** Whether a line is a command of a shell rather than an instruction. */
function isContinuation({ head }: CstInstruction, { instruction }: ReadInstruction): boolean {
  return head.name === '' && instruction.kind === 'invalid' && !/^[A-Z]+$/.test(head.word.text);
}

/**
 * The instruction with the flags that were meant, and without its other wrong flags and the wrong elements of its
 * array; undefined if more is wrong.
 */
function withoutFlaws(node: CstInstruction, { structural, problems }: ReadInstruction): Mended | undefined {
  const found = [...problems, ...structural.map(({ diagnostic }) => diagnostic)];
  const { arguments: parts, head } = node;
  const isArray = parts.form === 'json' && parts.others.length > 0 && parts.strings.length > 0;
  const wrong = new Map<Word, Diagnostic>();
  for (const flag of node.flags) {
    const problem = found.find(({ range }) => range!.start >= flag.range.start && range!.end <= flag.range.end);
    if (problem) wrong.set(flag, problem);
  }
  if (wrong.size === 0 && !isArray) return undefined;
  const readWith = (flags: readonly Word[]) =>
    readInstruction({ ...node, flags, arguments: isArray ? { ...parts, others: [] } : parts }).instruction;
  const mayLackFlag = (flag: Word) => !wrong.has(flag) || mayLack(flag, wrong.get(flag)!, head.name);

  const meant = new Map([...wrong].map(([flag, problem]) => [flag, meantFlag(flag, problem, head.name)]));
  const instruction = readWith(node.flags.flatMap((flag) => (wrong.has(flag) ? (meant.get(flag) ?? []) : flag)));
  if (instruction.kind !== 'invalid')
    return { instruction, isCertain: !isArray && node.flags.every((flag) => meant.get(flag) || mayLackFlag(flag)) };
  const without = readWith(node.flags.filter((flag) => !wrong.has(flag)));
  return without.kind === 'invalid'
    ? undefined
    : { instruction: without, isCertain: !isArray && node.flags.every(mayLackFlag) };
}

/** The instruction with the value of a flag that lacks its equals sign: it is the first of the arguments. */
function withFlagValue(node: CstInstruction, { problems }: ReadInstruction): Mended | undefined {
  const flag = node.flags.at(-1);
  const lacksValue = problems.some(({ code, range }) => code === 'missing-flag-value' && range === flag?.range);
  if (!flag || flag.text.includes('=') || !lacksValue) return undefined;
  const { arguments: parts } = node;
  const [value, ...rest] = wordsOf(parts);
  if (!value || !rest[0] || rest[0].text.startsWith('--')) return undefined;
  const given = { text: `${flag.text}=${value.text}`, range: { start: flag.range.start, end: value.range.end } };
  const flags = [...node.flags.slice(0, -1), given];
  const meant = { ...node, flags, arguments: withWords(parts, rest) };
  const again = readInstruction(meant);
  return again.instruction.kind === 'invalid'
    ? withoutFlaws(meant, again)
    : { instruction: again.instruction, isCertain: true };
}

function withWords(parts: Parts, words: readonly Word[]): Parts {
  const [first, as, name, ...extra] = words;
  if (parts.form === 'text') return { ...parts, text: first };
  return parts.form === 'words' ? { ...parts, words } : { form: 'from', image: first, as, name, extra };
}

/** The words of the arguments; of a text the first one and the rest of it, if it is on one line. */
function wordsOf(parts: Parts): readonly Word[] {
  if (parts.form === 'words') return parts.words;
  if (parts.form === 'text' && parts.text) {
    const { text, range } = parts.text;
    const [, word = '', blanks = '', rest = ''] = /^(\S+)([\t ]+)(\S.*)$/s.exec(text) ?? [];
    if (rest === '' || range.end - range.start !== text.length) return [];
    const start = range.start + word.length + blanks.length;
    return [
      { text: word, range: { start: range.start, end: range.start + word.length } },
      { text: rest, range: { start, end: range.end } },
    ];
  }
  if (parts.form !== 'from') return [];
  return [parts.image, parts.as, parts.name, ...parts.extra].filter((word) => word !== undefined);
}

/** The flag that an unknown one means. */
function meantFlag({ text, range }: Word, { code }: Diagnostic, instruction: string): Word | undefined {
  if (code !== 'unknown-flag') return undefined;
  const name = /^--([^=]*)/.exec(text)![1]!;
  const meant = similarFlag(name, [...flagsOf(instruction).keys()]);
  return meant === undefined ? undefined : { text: `--${meant}${text.slice(2 + name.length)}`, range };
}

/** Instructions that set what others depend on, or whose wrong flag may be a part of their text. */
const dependsOnFlags = /^(?:arg|env|from|onbuild|shell|user|workdir)$/;

/** Whether an instruction without a wrong flag is still what was meant, but for what the flag says. */
function mayLack({ text }: Word, { code }: Diagnostic, instruction: string): boolean {
  // The value of a flag without an equals sign is now a part of the arguments.
  if (dependsOnFlags.test(instruction) || (code === 'missing-flag-value' && !text.includes('='))) return false;
  // It may say where the sources are.
  return !/^(?:add|copy)$/.test(instruction) || (code !== 'unknown-flag' && !/^--(?:from|parents)\b/.test(text));
}

/** What stands for a wrong instruction that others may depend on; undefined for other ones. */
function standIn(
  { head, arguments: parts }: CstInstruction,
  base: InstructionBase,
  isInStage: boolean,
): Instruction | undefined {
  switch (head.name) {
    case 'from':
      return parts.form === 'from' ? { kind: 'from', ...base, ...fromParts(parts, base) } : undefined;
    case 'arg':
    case 'env': {
      const pairs = pairsOf(parts);
      if (head.name === 'env')
        return { kind: 'env', ...base, pairs: pairs.map((pair) => ({ ...pair, noDelim: false })) };
      return { kind: 'arg', ...base, args: pairs.map((pair) => ({ ...pair, docComment: '' })) };
    }
    case 'shell':
      return { kind: 'shell', ...base, shell: shellWords(parts) };
    case 'workdir':
      return { kind: 'workdir', ...base, path: '' };
    case 'user':
      return { kind: 'user', ...base, user: '' };
    case 'healthcheck': {
      const healthcheck = { test: ['NONE'], interval: 0n, timeout: 0n, startPeriod: 0n, startInterval: 0n, retries: 0 };
      return { kind: 'healthcheck', ...base, healthcheck };
    }
    case 'onbuild':
      return { kind: 'onbuild', ...base, expression: '' };
    case '':
      return unknownMeaning(base, isInStage);
    default:
      return undefined;
  }
}

type Parts = CstInstruction['arguments'];

function fromParts(
  { image, as, name, extra }: Extract<Parts, { form: 'from' }>,
  { keyword, keywordRange }: InstructionBase,
): Pick<FromInstruction, 'image' | 'as' | 'platform' | 'docComment'> {
  const last = extra.at(-1);
  const guessed = last && stageNamePattern.test(toLower(last.text)) ? last : undefined;
  const named = name ?? guessed;
  return {
    image: image ?? { text: '', range: keywordRange },
    as: named && { keyword: as ?? { ...named, text: keyword === toLower(keyword) ? 'as' : 'AS' }, name: named },
    platform: '',
    docComment: '',
  };
}

/** The names that an ARG or ENV sets, with their values; '' for what is missing. */
function pairsOf(parts: Parts): { key: string; value: string; range: SourceRange }[] {
  if (parts.form === 'legacy-pair') return [{ key: parts.key.text, value: '', range: parts.key.range }];
  if (parts.form !== 'pairs') return [];
  return parts.pairs.map(({ key, equals, value }: CstPair) => {
    const words = [key, equals, value].filter((it) => it !== undefined);
    const range = { start: words[0]!.range.start, end: words.at(-1)!.range.end };
    return { key: key?.text ?? '', value: value?.text ?? '', range };
  });
}

function shellWords(parts: Parts): readonly string[] {
  if (parts.form === 'json') return parts.strings.map(({ text }) => text);
  const text = parts.form === 'text' ? parts.text?.text : undefined;
  const repaired = text === undefined ? undefined : explainBrokenArray(text, true)?.repaired;
  return repaired === undefined ? (text?.match(/[^\s[\]"',]+/g) ?? []) : (JSON.parse(repaired) as string[]);
}

/**
 * What an unknown instruction may do: set what it names first or before an equals sign, or begin the first stage;
 * undefined if that is nothing that others depend on.
 */
function unknownMeaning(base: InstructionBase, isInStage: boolean): Instruction | undefined {
  const { code, range } = base;
  const names = [...code.matchAll(/(?<=[\t ])([A-Za-z_]\w*)=|(?<=^\S+[\t ]+)([A-Z_][A-Z\d_]*)(?!\S)/g)].map(
    ([, before, first]) => (before ?? first)!,
  );
  if (names.length === 0) return isInStage ? undefined : unknownFrom(base);
  if (isInStage)
    return { kind: 'env', ...base, pairs: names.map((key) => ({ key, value: '', noDelim: false, range })) };
  return { kind: 'arg', ...base, args: names.map((key) => ({ key, value: '', docComment: '', range })) };
}

/** Maximum number of here-documents whose end is guessed: for each, the rest of the file is searched. */
const maxEnds = 20;
/** Maximum number of lines that are searched for an end. */
const maxLines = 10_000;

/** @param shellLines the lines whose first word is not a misspelled keyword */
export function createGuesses(shellLines: ShellLines): LexGuesses {
  let left = maxEnds;
  return {
    lookUp: (keyword, rest, at) => (shellLines.has(at) ? lookUpKeyword : lookUpMeant)(keyword, rest),
    endOfHeredoc: (...args) => (left-- > 0 ? endOfHeredoc(...args) : undefined),
  };
}

const nextInstruction = new RegExp(`^(?:${instructionNames.join('|')})[\\t ]+\\S`);

/** The line that was probably meant as the end of a here-document; otherwise the next instruction. */
function endOfHeredoc(...[mark, line, text, start]: Parameters<LexGuesses['endOfHeredoc']>): GuessedEnd | undefined {
  let next: GuessedEnd | undefined;
  for (let at = start, lines = 0; at < text.length && lines < maxLines; lines++) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(at, end);
    if (explainWrongEnd(mark, content, 0) !== undefined) return { at, isEnd: true };
    if (!next && nextInstruction.test(content)) next = { at, isEnd: false };
    at = end + 1;
  }
  // What looks like an instruction may be text of a Dockerfile in a Dockerfile.
  return /(?:Docker|Container)file/i.test(line) ? undefined : next;
}

/** A longer word is not a misspelled keyword. */
const maxMisspelled = 20;

/** The instruction that a keyword means, perhaps with a typing error. */
const lookUpMeant: KeywordLookup = (keyword, rest) => {
  const known = lookUpKeyword(keyword);
  if (known.name !== '' || keyword.length > maxMisspelled) return known;
  const word = toLower(keyword);
  const isLikely = word.length > 1 && !isShellWord(keyword);
  const same = sameLetters(keyword);
  const meant = instructionNames.filter(
    (name) => name === same || (isLikely && editDistance(word, toLower(name), 2) < 2),
  );
  if (meant.length === 1) return lookUpKeyword(meant[0]!);
  return /^\s*\S+[\t ]+as[\t ]+\S+\s*$/i.test(rest) ? lookUpKeyword('from') : known;
};
