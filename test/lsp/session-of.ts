import type { OpenDocument } from '../../src/lsp/documents.ts';
import type { DocumentSession } from '../../src/lsp/session.ts';
import { defaultSettings } from '../../src/lsp/settings.ts';
import { symbolsOf } from '../../src/lsp/symbols.ts';

/** A document without its surroundings. */
export const sessionOf = (document: OpenDocument): DocumentSession => ({
  document,
  settings: defaultSettings,
  abilities: { snippets: true, markdownHover: true, markdownItems: true, suggestCommand: undefined },
  symbols: symbolsOf(document, defaultSettings),
  analysis: undefined,
  currentAnalysis: async () => undefined,
  ask: () => Promise.reject(new Error('there is no thread')),
  graphPage: () => Promise.reject(new Error('there is no thread')),
  surroundings: () => Promise.reject(new Error('there are no files')),
  signal: new AbortController().signal,
});
