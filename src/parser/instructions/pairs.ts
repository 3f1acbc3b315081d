/** ARG, ENV and LABEL. */
import type { ArgDefinition, ArgInstruction, EnvInstruction, KeyValue, LabelInstruction, Word } from '../ast.ts';
import type { CstPair } from '../cst.ts';
import { docComment } from './doc-comment.ts';
import { readNoFlags } from './read-flags.ts';
import { needsOneOrMore, type Request } from './request.ts';

export function readEnv(request: Request): EnvInstruction | undefined {
  const pairs = readPairs(request, 'ENV');
  return pairs && { kind: 'env', ...request.base, pairs };
}

export function readLabel(request: Request): LabelInstruction | undefined {
  const pairs = readPairs(request, 'LABEL');
  return pairs && { kind: 'label', ...request.base, pairs };
}

function readPairs(request: Request, instruction: string): KeyValue[] | undefined {
  if (!readNoFlags(request)) return undefined;
  const parts = request.cst.arguments;
  if (parts.form === 'legacy-pair') {
    const { key, value } = parts;
    if (!value) return undefined; // reported with the structure
    const range = { start: key.range.start, end: value.range.end };
    return [{ key: key.text, value: value.text, noDelim: true, range }];
  }
  if (parts.form !== 'pairs' || parts.pairs.length === 0) return needsOneOrMore(request, instruction);
  return parts.pairs.map((pair) => {
    if (!pair.key) reportBlankName(request, instruction, pair);
    return { key: pair.key?.text ?? '', value: pair.value?.text ?? '', noDelim: false, range: rangeOf(pair) };
  });
}

/** Flags are cut off but not looked at. */
export function readArg(request: Request): ArgInstruction | undefined {
  const parts = request.cst.arguments;
  if (parts.form !== 'pairs' || parts.pairs.length === 0) return needsOneOrMore(request, 'ARG');
  const args = parts.pairs.map((pair): ArgDefinition => {
    if (!pair.key) reportBlankName(request, 'ARG', pair);
    const key = pair.key?.text ?? '';
    return {
      key,
      value: pair.equals ? (pair.value?.text ?? '') : undefined,
      docComment: docComment(request.base.comments, key),
      range: rangeOf(pair),
    };
  });
  return { kind: 'arg', ...request.base, args };
}

function reportBlankName(request: Request, instruction: string, pair: CstPair): void {
  request.report({ code: 'blank-name', message: `${instruction} names can not be blank`, range: rangeOf(pair) });
}

function rangeOf({ key, equals, value }: CstPair) {
  const parts = [key, equals, value].filter((part): part is Word => part !== undefined);
  return { start: parts[0]!.range.start, end: parts.at(-1)!.range.end };
}
