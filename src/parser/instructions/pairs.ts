/** ARG, ENV and LABEL. */
import type { ArgDefinition, ArgInstruction, EnvInstruction, KeyValue, LabelInstruction, Word } from '../ast.ts';
import type { CstPair } from '../cst.ts';
import { docComment } from './doc-comment.ts';
import { type InstructionInput, needsOneOrMore } from './instruction-input.ts';
import { readNoFlags } from './read-flags.ts';

/** Reads ENV. */
export function readEnv(input: InstructionInput): EnvInstruction | undefined {
  const pairs = readPairs(input, 'ENV');
  return pairs && { kind: 'env', ...input.base, pairs };
}

/** Reads LABEL. */
export function readLabel(input: InstructionInput): LabelInstruction | undefined {
  const pairs = readPairs(input, 'LABEL');
  return pairs && { kind: 'label', ...input.base, pairs };
}

function readPairs(input: InstructionInput, instruction: string): KeyValue[] | undefined {
  if (!readNoFlags(input)) return undefined;
  const parts = input.cst.arguments;
  if (parts.form === 'legacy-pair') {
    const { key, value } = parts;
    if (!value) return undefined; // reported with the structure of the file
    const range = { start: key.range.start, end: value.range.end };
    return [{ key: key.text, value: value.text, noDelim: true, range }];
  }
  if (parts.form !== 'pairs' || parts.pairs.length === 0) return needsOneOrMore(input, instruction);
  return parts.pairs.map((pair) => {
    if (!pair.key) reportBlankName(input, instruction, pair);
    return { key: pair.key?.text ?? '', value: pair.value?.text ?? '', noDelim: false, range: rangeOf(pair) };
  });
}

/** Reads ARG; flags are cut off and ignored. */
export function readArg(input: InstructionInput): ArgInstruction | undefined {
  const parts = input.cst.arguments;
  if (parts.form !== 'pairs' || parts.pairs.length === 0) return needsOneOrMore(input, 'ARG');
  const args = parts.pairs.map((pair): ArgDefinition => {
    if (!pair.key) reportBlankName(input, 'ARG', pair);
    const key = pair.key?.text ?? '';
    return {
      key,
      value: pair.equals ? (pair.value?.text ?? '') : undefined,
      docComment: docComment(input.base.comments, key),
      range: rangeOf(pair),
    };
  });
  return { kind: 'arg', ...input.base, args };
}

function reportBlankName(input: InstructionInput, instruction: string, pair: CstPair): void {
  input.report({ code: 'blank-name', message: `${instruction} names can not be blank`, range: rangeOf(pair) });
}

function rangeOf({ key, equals, value }: CstPair) {
  const parts = [key, equals, value].filter((part): part is Word => part !== undefined);
  return { start: parts[0]!.range.start, end: parts.at(-1)!.range.end };
}
