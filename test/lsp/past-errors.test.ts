/** A line with an error takes nothing from the features of an editor: what was probably meant is in its place. */
import { expect, test } from 'vitest';
import type { Hover, MarkupContent } from 'vscode-languageserver/node';
import { openDocument } from '../../src/lsp/documents.ts';
import { definition, references, rename } from '../../src/lsp/features/definition.ts';
import { folding } from '../../src/lsp/features/folding.ts';
import { hover } from '../../src/lsp/features/hover.ts';
import { outline } from '../../src/lsp/features/outline.ts';
import { sessionOf } from './session-of.ts';

function open(...lines: readonly string[]) {
  const text = lines.join('\n');
  const document = openDocument('file:///x/Dockerfile', 'dockerfile', 1, text);
  const session = sessionOf(document);
  const placeOf = ({ start }: { start: { line: number; character: number } }) => `${start.line + 1}:${start.character}`;
  return {
    session,
    definition: (at: string) => definition(session, text.lastIndexOf(at)).map(({ range }) => placeOf(range)),
    references: (at: string) => references(session, text.lastIndexOf(at), true).map(({ range }) => placeOf(range)),
    rename: (at: string) =>
      rename(session, text.lastIndexOf(at), 'other').changes![document.uri]!.map(({ range }) => placeOf(range)),
    hover: async (at: string) => ((await hover(session, text.lastIndexOf(at))) as Hover | null)?.contents,
  };
}

test.each<[what: string, lines: readonly string[], at: string, places: readonly string[]]>([
  ['a misspelled FROM', ['FORM a AS base', 'FROM base', 'COPY --from=base a b'], 'base', ['1:10', '2:5', '3:12']],
  ['a FROM with a wrong flag', ['FROM --platfrom=x a AS base', 'FROM base'], 'base', ['1:23', '2:5']],
  ['a FROM with too many words', ['FROM a AS base x', 'FROM base'], 'base', ['1:10', '2:5']],
  ['a FROM without AS', ['FROM a base', 'FROM base'], 'base', ['1:7', '2:5']],
  ['an ENV with a word too many', ['FROM a', 'ENV NAME=1 X', 'RUN $NAME'], 'NAME', ['2:4', '3:5']],
  ['a misspelled ENV', ['FROM a', 'ENVV NAME=1', 'RUN $NAME'], 'NAME', ['2:5', '3:5']],
  ['an ARG with a blank name', ['FROM a', 'ARG =1 NAME=2', 'RUN $NAME'], 'NAME', ['2:7', '3:5']],
  ['a misspelled flag', ['FROM a AS base', 'FROM b', 'COPY --form=base a b'], 'base', ['1:10', '3:12']],
  ['a flag without its name', ['FROM a', 'ARG NAME', 'RUN --netwrok=x $NAME'], 'NAME', ['2:4', '3:17']],
  [
    'a here-document without an end',
    ['FROM a', 'ARG NAME', 'RUN <<E', '$NAME', 'RUN $NAME', 'FROM b'],
    'NAME',
    ['2:4', '4:1', '5:5'],
  ],
  [
    'a misspelled RUN with a here-document',
    ['FROM a', 'ARG NAME', 'RNU <<E', '$NAME', 'E', 'RUN $NAME'],
    'NAME',
    ['2:4', '4:1', '6:5'],
  ],
  ['a forgotten continuation', ['FROM a', 'ARG NAME', 'RUN a &&', '  b $NAME'], 'NAME', ['2:4', '4:5']],
])('%s: definition, references and rename are as without the error', (_, lines, at, places) => {
  const file = open(...lines);
  expect(file.definition(at)).toEqual([places[0]]);
  expect(file.references(at)).toEqual(places);
  expect(file.rename(at)).toEqual(places);
});

test('a wrong instruction has the hover of what was meant, and its variables have their values', async () => {
  const file = open('FORM alpine', 'ENV NAME=value X', 'COPPY --chwon=1 a b', 'RUN $NAME $X');
  const textOf = async (at: string) => ((await file.hover(at)) as MarkupContent).value;
  expect(await textOf('FORM')).toMatch(/^```dockerfile\nFROM /);
  expect(await textOf('COPPY')).toMatch(/^```dockerfile\nCOPY /);
  expect(await textOf('--chwon')).toContain('COPY --chown');
  expect(await textOf('NAME')).toMatch(/^\*\*NAME\*\* = `value`/);
  expect(await textOf('X')).toMatch(/^\*\*X\*\* \(no value\)/);
});

test('the outline and the folds of a file go on after a wrong FROM and an open here-document', () => {
  const { session } = open('FORM alpine AS a', 'RUN <<E', 'ls', 'COPY a b', 'FROM b', 'CMD x');
  expect(outline(session).map(({ name, children }) => [name, children!.map((it) => it.name)])).toEqual([
    ['a', ['RUN <<E', 'COPY a b']],
    ['stage 1', ['CMD x']],
  ]);
  expect(folding(session).map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
    [1, 2],
    [0, 3],
    [4, 5],
  ]);
});
