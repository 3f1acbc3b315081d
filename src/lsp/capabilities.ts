/** What the server can do, and what it wants to hear of. */
import {
  CodeActionKind,
  type InitializeResult,
  PositionEncodingKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import { fixAllKind } from './features/code-actions.ts';
import { tokenTypes } from './features/semantic-tokens.ts';

/** The features, as the editor is told of them. Those that are questions are in the table of `questions.ts`. */
export const capabilities: InitializeResult['capabilities'] = {
  positionEncoding: PositionEncodingKind.UTF16,
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
  completionProvider: { resolveProvider: true, triggerCharacters: ['$', '{', '=', ',', '-', '/', ':', ' '] },
  signatureHelpProvider: { triggerCharacters: [' '] },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
  documentFormattingProvider: true,
  foldingRangeProvider: true,
  documentSymbolProvider: true,
  documentLinkProvider: {},
  codeLensProvider: { resolveProvider: true },
  semanticTokensProvider: { legend: { tokenTypes: [...tokenTypes], tokenModifiers: [] }, full: true, range: true },
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
};

/** Files that decide about problems of Dockerfiles. */
export const watchedFiles = ['**/.dockerignore', '**/*.dockerignore', '**/*.lock', '**/tsfront.json'];
