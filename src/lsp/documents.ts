/** The documents that are open in the editor, with what was parsed of them. */
import { fileURLToPath } from 'node:url';
import type { Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { SourceRange } from '../diagnostic/source-file.ts';
import type { Instruction } from '../parser/ast.ts';
import { type FileUnit, type ParsedUnits, reparseDockerfile, unitInstruction } from '../parser/reparse.ts';
import { unitsPastErrors } from '../parser/units-past-errors.ts';

/** A version of an open document. It does not change; an edit makes another one. */
export interface OpenDocument {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  /** An ignore file, or a Dockerfile, which everything else is taken for. */
  readonly isIgnoreFile: boolean;
  /** Its path; undefined if it is no file. */
  readonly path: string | undefined;
  readonly text: string;
  /** What was parsed. */
  readonly parsed: ParsedUnits;
  /**
   * The instructions in order, each with the comments above it. In the place of those with errors are the ones that
   * were probably meant.
   */
  readonly units: readonly FileUnit[];
  /** Index of the unit that an offset is in; the number of units below the last one. */
  unitIndexAt(offset: number): number;
  /** The instruction of a unit, with its places in this version. */
  instruction(unit: FileUnit): Instruction;
  offsetAt(position: Position): number;
  positionAt(offset: number): Position;
  range(range: SourceRange): Range;
}

/** Opens a document. @param languageId as the editor names it */
export function openDocument(uri: string, languageId: string, version: number, text: string): OpenDocument {
  return documentVersion(TextDocument.create(uri, languageId, version, text), undefined);
}

/** The next version of a document. */
export function changeDocument(
  before: OpenDocument,
  changes: readonly TextDocumentContentChangeEvent[],
  version: number,
): OpenDocument {
  const copy = TextDocument.create(before.uri, before.languageId, before.version, before.text);
  return documentVersion(TextDocument.update(copy, [...changes], version), before.parsed);
}

function documentVersion(document: TextDocument, before: ParsedUnits | undefined): OpenDocument {
  const { uri, languageId, version } = document;
  const text = document.getText();
  const isIgnoreFile = languageId === 'ignore' || /\.(?:docker|container)ignore$/.test(uri);
  const path = filePath(uri);
  const filename = path?.slice(path.search(/[^\\/]*$/)) ?? 'Dockerfile';
  const parsed = reparseDockerfile(before, isIgnoreFile ? '' : text, filename);
  let units: readonly FileUnit[] | undefined;
  return {
    uri,
    languageId,
    version,
    isIgnoreFile,
    path,
    text,
    parsed,
    get units() {
      return (units ??= unitsPastErrors(parsed));
    },
    unitIndexAt(offset) {
      return unitIndexAt(this.units, offset);
    },
    instruction: unitInstruction,
    offsetAt: (position) => document.offsetAt(position),
    positionAt: (offset) => document.positionAt(offset),
    range: ({ start, end }) => ({ start: document.positionAt(start), end: document.positionAt(end) }),
  };
}

/** Index of the unit that an offset is in; the number of units below the last one. */
export function unitIndexAt(units: readonly FileUnit[], offset: number): number {
  let [low, high] = [0, units.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (units[middle]!.end <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The path of a file; undefined for what is no file, such as a document that was never saved. */
export function filePath(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
