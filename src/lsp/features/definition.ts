/** Where stages and variables are defined and used, and how they are renamed. */
import type { DocumentHighlight, Location, Range, WorkspaceEdit } from 'vscode-languageserver/node';
import { DocumentHighlightKind, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { SourceRange } from '../../diagnostic/source-file.ts';
import { stageNamePattern } from '../../parser/instructions/from.ts';
import type { DocumentSession } from '../session.ts';
import type { SymbolDefinition } from '../symbols.ts';

const locate = ({ document }: DocumentSession, range: SourceRange): Location => ({
  uri: document.uri,
  range: document.range(range),
});

/** The definition that a place is, or uses; undefined if it is neither. */
function definitionAt({ symbols }: DocumentSession, offset: number): SymbolDefinition | undefined {
  const found = symbols.at(offset);
  return found && ('use' in found ? found.use.definition : found.definition);
}

/** Where the stage or the variable at an offset is defined. */
export function definition(session: DocumentSession, offset: number): Location[] {
  const found = definitionAt(session, offset);
  if (!found) return [];
  // An argument that only repeats one from before FROM has its value from there.
  const origin = found.origin === 'argument before FROM' ? found.from : undefined;
  return [found, ...(origin ? [origin] : [])].map(({ range }) => locate(session, range));
}

/** The places that belong together: definitions that continue each other, and what uses them. */
function places({ symbols }: DocumentSession, of: SymbolDefinition): { range: SourceRange; isDefinition: boolean }[] {
  const definitions = symbols.definitions.filter(({ group }) => group === of.group);
  const uses = symbols.uses.filter(({ definition }) => definition?.group === of.group);
  return [
    ...definitions.map(({ range }) => ({ range, isDefinition: true })),
    ...uses.map(({ range }) => ({ range, isDefinition: false })),
  ].sort((a, b) => a.range.start - b.range.start);
}

/** Where the stage or the variable at an offset is used. */
export function references(session: DocumentSession, offset: number, includeDeclaration: boolean): Location[] {
  const found = definitionAt(session, offset);
  if (!found) return [];
  return places(session, found)
    .filter(({ isDefinition }) => includeDeclaration || !isDefinition)
    .map(({ range }) => locate(session, range));
}

/** The same places in the editor's own document. */
export function highlights(session: DocumentSession, offset: number): DocumentHighlight[] {
  const found = definitionAt(session, offset);
  if (!found) return [];
  return places(session, found).map(({ range, isDefinition }) => ({
    range: session.document.range(range),
    kind: isDefinition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
  }));
}

/** The name at an offset, if it can be changed. The number of a stage is not a name, and cannot. */
export function prepareRename(
  session: DocumentSession,
  offset: number,
): { range: Range; placeholder: string } | undefined {
  const symbol = session.symbols.at(offset);
  if (!symbol || !definitionAt(session, offset)) return undefined;
  const { range } = 'use' in symbol ? symbol.use : symbol.definition;
  const placeholder = session.document.text.slice(range.start, range.end);
  return /^\d+$/.test(placeholder) ? undefined : { range: session.document.range(range), placeholder };
}

/** Renames the stage or the variable at an offset. @throws Error for the editor if Docker does not allow the name */
export function rename(session: DocumentSession, offset: number, newName: string): WorkspaceEdit {
  const found = definitionAt(session, offset);
  if (!found || !prepareRename(session, offset))
    throw new ResponseError(LSPErrorCodes.RequestFailed, 'there is no stage and no variable of this file here');
  const isStage = found.kind === 'stage';
  const isName = isStage ? stageNamePattern.test(newName.toLowerCase()) : /^[A-Za-z_][A-Za-z0-9_]*$/.test(newName);
  if (!isName) {
    const rule = isStage ? 'a letter, then letters, digits, - _ and .' : 'letters, digits and _, with no digit first';
    throw new ResponseError(LSPErrorCodes.RequestFailed, `${JSON.stringify(newName)} is no such name: it is ${rule}`);
  }
  const clash = clashWith(session, found, newName);
  if (clash !== undefined) throw new ResponseError(LSPErrorCodes.RequestFailed, clash);
  const { document } = session;
  const edits = places(session, found)
    .filter(({ range }) => !/^\d+$/.test(document.text.slice(range.start, range.end)))
    .map(({ range }) => ({ range: document.range(range), newText: newName }));
  return { changes: { [document.uri]: edits } };
}

/** Why a name cannot be taken: it would become that of something else. */
function clashWith({ symbols }: DocumentSession, found: SymbolDefinition, newName: string): string | undefined {
  if (found.kind === 'stage') {
    const other = symbols.stages.find(({ name }) => name === newName.toLowerCase() && name !== found.name);
    return other && `there is a stage ${newName} already`;
  }
  if (newName === found.name) return undefined;
  const others = symbols.definitions.filter(({ kind, name }) => kind !== 'stage' && name === newName);
  return others.length > 0 ? `there is a variable ${newName} already` : undefined;
}
