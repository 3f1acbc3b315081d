import { describe, expect, test } from 'vitest';
import { exportsOf, importedNameLine, importLine, importsOf, renameImports } from '../../src/program/imports.ts';

const code = `import a from './a.ts';
import { b } from "./b.ts";
import * as c from 'c';
import './side.ts';
export * from './all.ts';
export { d as default } from './d.ts';
import data from './data.json' with { type: 'json' };
const e = await import('./e.ts');
const f = await import("./f.json", { with: { type: "json" } });
// import h from './comment.ts';
const text = "import i from './text.ts'";
const url = import.meta.url;
`;

test('the imports of a module are found, and nothing that only looks like one', () => {
  expect(importsOf(code)).toEqual([
    './a.ts',
    './b.ts',
    'c',
    './side.ts',
    './all.ts',
    './d.ts',
    './data.json',
    './e.ts',
    './f.json',
  ]);
});

test('a module that is not valid is an error with its place', () => {
  expect(() => importsOf('import { from')).toThrow(/:1:\d+/);
});

test('the exports of a module are found, in its order', () => {
  const text =
    "export const z = 1, b = 2;\nexport { c as a } from './x.ts';\nexport * from './y.ts';\nexport default () => {};\n";
  expect(exportsOf(text)).toEqual(['z', 'b', 'a', 'default']);
});

describe('where a module imports', () => {
  const text = `// import { a } from './x.ts';
import {
  a as b,
  type,
  'c d' as d,
} from './x.ts';
import e, { f } from './y.ts'; import * as g from './y.ts';
export { h as default } from './x.ts';
`;
  test.each([
    ['./x.ts', 'a', 3],
    ['./x.ts', 'type', 4],
    ['./x.ts', 'c', 5],
    ['./x.ts', 'b', undefined],
    ['./x.ts', 'h', 8],
    ['./x.ts', 'default', undefined],
    ['./y.ts', 'default', 7],
    ['./y.ts', 'f', 7],
    ['./y.ts', 'g', undefined],
  ])('from %s the name %s', (specifier, name, line) => {
    expect(importedNameLine(text, (given) => given === specifier, name)).toBe(line);
  });

  test('the first line that imports anything from a module is found', () => {
    expect(importLine(text, (given) => given === './y.ts')).toBe(7);
    expect(importLine(text, (given) => given === './z.ts')).toBeUndefined();
  });
});

describe('renaming', () => {
  test('changes what is imported, drops attributes, and nothing else', () => {
    expect(renameImports(code, (specifier) => `<${specifier}>`)).toBe(
      code
        .replace(" with { type: 'json' }", '')
        .replace(', { with: { type: "json" } }', '')
        .replace(/(from |import |import\()(['"])(\.?[^'"]+)\2/g, (all, before, _, name) =>
          /comment|text/.test(name) ? all : `${before}"<${name}>"`,
        ),
    );
  });

  test('makes the name of a computed import unreadable, so that the import fails', async () => {
    const text = renameImports('export const load = (name) => import(\n  name // of a module\n);\n', (name) => name);
    const { load } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    await expect(load('./x.ts')).rejects.toThrow(/^cannot import \.\/x\.ts: the name of a module must stand in quotes/);
    expect(text.split('\n')).toHaveLength(4);
  });

  test('keeps the lines of what follows attributes', () => {
    const text =
      "import a from './a.json' with {\n  type: 'json',\n};\nawait import('./b.json',\n{ with: {} }); last();\n";
    const lines = renameImports(text, (name) => name).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[4]).toBe('); last();');
  });

  test('writes names with quotes and blanks as text', () => {
    expect(renameImports("import 'a';", () => `it's "b"\n`)).toBe('import "it\'s \\"b\\"\\n";');
  });

  test('leaves a module without imports as it is', () => {
    expect(renameImports('export default 1;', () => 'x')).toBe('export default 1;');
  });
});
