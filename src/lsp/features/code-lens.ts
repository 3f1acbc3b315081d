/** Shows above COPY and ADD how many files and bytes of the context they take. */
import type { CodeLens } from 'vscode-languageserver/node';
import { count, formatBytes } from '../../text/number.ts';
import type { DocumentSession } from '../session.ts';

/** What `codeLens/resolve` gets back. */
export interface LensData {
  readonly uri: string;
  /** The first line of the instruction, from 1. */
  readonly line: number;
}

/** The places of the lenses. What they say is found when one is in view. */
export function codeLenses({ document, settings }: DocumentSession): CodeLens[] {
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

/** Says what an instruction takes; nothing if that is not known. */
export async function resolveCodeLens(session: DocumentSession, lens: CodeLens, { line }: LensData): Promise<CodeLens> {
  const { uri, version } = session.document;
  const taken = (await session.currentAnalysis()) && (await session.ask('amount', { uri, version, line }));
  const title = taken ? `${count(taken.files, 'file')}, ${formatBytes(taken.bytes)}` : '';
  return { ...lens, command: { title, command: '' } };
}
