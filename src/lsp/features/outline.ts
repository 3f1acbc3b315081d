/** The outline of a document: its stages, and the instructions in them. */
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver/node';
import { withoutSecrets } from '../secrets.ts';
import type { DocumentSession } from '../session.ts';
import { nameOf } from '../unit-facts.ts';

/** Longest text of an instruction. */
const maxText = 80;

const kinds: Readonly<Record<string, SymbolKind>> = {
  arg: SymbolKind.Variable,
  env: SymbolKind.Variable,
  copy: SymbolKind.File,
  add: SymbolKind.File,
  run: SymbolKind.Function,
  cmd: SymbolKind.Event,
  entrypoint: SymbolKind.Event,
};

/** The symbols in the order of the file. */
export function outline(session: DocumentSession): DocumentSymbol[] {
  const { document, symbols } = session;
  const roots: DocumentSymbol[] = [];
  let stage: DocumentSymbol | undefined;
  for (const [index, unit] of document.units.entries()) {
    const instruction = document.instruction(unit);
    const name = nameOf(instruction);
    if (name === '') continue;
    const text = instruction.code.slice(instruction.keyword.length).trim();
    const short = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
    const range = document.range(instruction.range);
    const selectionRange = document.range(instruction.keywordRange);
    const label = withoutSecrets(short.replace(/\s+/g, ' '), session);
    if (name === 'from') {
      const own = symbols.stages[symbols.stageOf(index)];
      stage = {
        name: own?.name || `stage ${symbols.stageOf(index)}`,
        detail: label,
        kind: SymbolKind.Class,
        range,
        selectionRange,
        children: [],
      };
      roots.push(stage);
      continue;
    }
    const symbol = {
      name: `${name.toUpperCase()} ${label}`.trim(),
      kind: kinds[name] ?? SymbolKind.Property,
      range,
      selectionRange,
    };
    if (!stage) roots.push(symbol);
    else {
      stage.children!.push(symbol);
      stage.range = { start: stage.range.start, end: range.end };
    }
  }
  return roots;
}
