import { describe, expect, test } from 'vitest';
import { importsOf, renameImports } from '../../src/program/imports.ts';

const code = `import a from './a.ts';
import { b } from "./b.ts";
import * as c from 'c';
import './side.ts';
export * from './all.ts';
export { d as default } from './d.ts';
import data from './data.json' with { type: 'json' };
const e = await import('./e.ts');
const f = await import("./f.json", { with: { type: "json" } });
const g = await import(\`./\${a}.ts\`);
// import h from './comment.ts';
const text = "import i from './text.ts'";
const url = import.meta.url;
`;

test('what a module imports', () => {
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

  test('writes names with quotes and blanks as text', () => {
    expect(renameImports("import 'a';", () => `it's "b"\n`)).toBe('import "it\'s \\"b\\"\\n";');
  });

  test('leaves a module without imports as it is', () => {
    expect(renameImports('export default 1;', () => 'x')).toBe('export default 1;');
  });
});
