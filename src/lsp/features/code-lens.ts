/** Shows above COPY and ADD how many files and bytes of the context they take. */
import type { CodeLens } from 'vscode-languageserver/node';
import { inspectContext } from '../../context/inspect-context.ts';
import { formatBytes, formatInteger } from '../../text/number.ts';
import type { Analysis } from '../analysis.ts';
import type { Session } from '../session.ts';

/** What `codeLens/resolve` gets back. */
export interface LensData {
  readonly uri: string;
  /** The first line of the instruction, from 1. */
  readonly line: number;
}

/** Milliseconds after which a large context is given up. */
const maxMs = 10_000;

/** The places of the lenses. What they say is found when one is in view. */
export function codeLenses({ document, settings }: Session): CodeLens[] {
  if (!settings.codeLens) return [];
  return document.units.flatMap((unit): CodeLens[] => {
    const { kind } = unit.content.read.instruction;
    if (kind !== 'copy' && kind !== 'add') return [];
    const instruction = document.instruction(unit);
    if (instruction.kind === 'copy' && instruction.from !== '') return [];
    const data: LensData = { uri: document.uri, line: instruction.lines.start };
    return [{ range: document.range(instruction.keywordRange), data }];
  });
}

/** The amounts by the first lines of instructions, once for each analysis. */
const known = new WeakMap<Analysis, Promise<ReadonlyMap<number, string>>>();

/** Says what an instruction takes; nothing if that is not known. */
export async function resolveCodeLens(session: Session, lens: CodeLens, { line }: LensData): Promise<CodeLens> {
  const analysis = await session.currentAnalysis();
  let taken = analysis && known.get(analysis);
  if (analysis && !taken) known.set(analysis, (taken = amounts(analysis)));
  const title = (await taken)?.get(line) ?? '';
  return { ...lens, command: { title, command: '' } };
}

async function amounts({ graph, surroundings, document }: Analysis): Promise<ReadonlyMap<number, string>> {
  const titles = new Map<number, string>();
  const { contextDir, filename } = surroundings;
  if (!graph || contextDir === undefined) return titles;
  const dirs = new Map([
    ['context', contextDir],
    ['dockerfile', document.path!.slice(0, -filename.length - 1)],
  ]);
  try {
    const options = { signal: AbortSignal.timeout(maxMs) };
    const { contexts } = await inspectContext(
      { definitions: new Map([['', graph]]) },
      { opts: { filename }, dirs },
      options,
    );
    for (const { takes } of contexts)
      for (const { line, kind, files, bytes } of takes)
        if (kind === 'copy')
          titles.set(line, `${formatInteger(files)} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`);
  } catch {
    // The context is too large, or cannot be read: the check says so.
  }
  return titles;
}
