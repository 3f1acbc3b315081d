import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeDocument, type OpenDocument, openDocument } from '../../src/lsp/documents.ts';
import { folding } from '../../src/lsp/features/folding.ts';
import { outline } from '../../src/lsp/features/outline.ts';
import { semanticTokens } from '../../src/lsp/features/semantic-tokens.ts';
import { sessionOf } from './session-of.ts';

const snippets = [
  '# escape=`\n',
  '# a comment\n\n',
  'FROM alpine AS base\n',
  'FROM base AS other\n',
  'ARG A=1 B=$A\n',
  'ARG A\n',
  'ENV A=$B C=${A:-$C}\n',
  'RUN --mount=from=base,target=/x echo $A \\\n  # $B\n  && B=2 echo "$B" \'$A\'\n',
  'RUN <<EOF\necho $A\nEOF\n',
  'COPY <<x --from=base /y/\n$A\nx\n',
  'COPY --from=base --chown=$A a b\n',
  'CMD echo $A $C\n',
  'LABEL x="😀 $A"\r\n',
  'COPP $A\n',
  'RNU <<EOF\n',
  'RUN --netwrok=x echo $A\n',
  'FORM alpine AS base\n',
  'ENV A=1 B\n',
  'EOF\n',
  '  echo $A\n',
  '\n',
  '$A',
  ' ',
];

/** All that features say about a document without its surroundings. */
function known(document: OpenDocument) {
  const session = sessionOf(document);
  const { definitions, uses, stages } = session.symbols;
  return {
    definitions: definitions.map(({ from, group, ...rest }) => ({ ...rest, from: from?.range, group: group.id })),
    uses: uses.map(({ definition, ...rest }) => ({ ...rest, definition: definition?.range })),
    stages: stages.map(({ scope: _, ...rest }) => rest),
    tokens: semanticTokens(session).data,
    folds: folding(session),
    outline: outline(session),
  };
}

test('what features say after any edits is what they say about a document that is opened with that text', () => {
  const edit = fc.record({ at: fc.nat(1000), length: fc.nat(20), text: fc.constantFrom(...snippets, '') });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...snippets), { maxLength: 20 }),
      fc.array(edit, { minLength: 1, maxLength: 5 }),
      (parts, edits) => {
        let document = openDocument('untitled:x', 'dockerfile', 1, parts.join(''));
        known(document);
        for (const { at, length, text } of edits) {
          const start = at % (document.text.length + 1);
          const range = document.range({ start, end: Math.min(document.text.length, start + length) });
          document = changeDocument(document, [{ range, text }], document.version + 1);
          expect(known(document)).toEqual(known(openDocument('untitled:x', 'dockerfile', 1, document.text)));
        }
      },
    ),
    { numRuns: 300, seed: 18 },
  );
});
