import { describe, expect, test } from 'vitest';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { eraseTypes } from '../../src/program/erase-types.ts';

/** The value of `result` of a module. */
async function resultOf(source: string): Promise<unknown> {
  const code = eraseTypes('build.ts', source);
  return (await import(`data:text/javascript,${encodeURIComponent(`${code}\nexport { result as default };`)}`)).default;
}

function errorOf(name: string, source: string) {
  try {
    eraseTypes(name, source);
  } catch (error) {
    const [diagnostic] = findDiagnosticError(error)!.diagnostics;
    const { code, message, range, file } = diagnostic!;
    return { code, message, line: file!.text.slice(0, range!.start).split('\n').length };
  }
  throw new Error('there is no error');
}

describe('types are erased', () => {
  test.each([
    [
      'annotations, generics and assertions',
      'const id = <T,>(x: T): T => x; const result = id<number>(1 as unknown as number)!;',
      1,
    ],
    ['interfaces and aliases', 'interface A<T> { a: T } type B = A<string>; const result: B = { a: "x" };', { a: 'x' }],
    ['satisfies and const', 'const result = { a: [1] } as const satisfies { a: readonly number[] };', { a: [1] }],
    ['overloads', 'function f(a: string): string; function f(a: any) { return a + 1 } const result = f("a");', 'a1'],
    [
      'classes',
      'abstract class A { protected abstract x: number; declare y: string; readonly z!: number } class B extends A implements Iterable<never> { override x = 1; *[Symbol.iterator]() {} } const result = new B().x;',
      1,
    ],
    [
      'this and optional parameters',
      'function f(this: { a: number }, b?: number) { return this.a + (b ?? 1) } const result = f.call({ a: 1 });',
      2,
    ],
    ['a comparison that looks like a type', 'const a = 1, b = 2, c = 3; const result = a < b && b > (c - 2);', true],
  ] as const)('erasing %s leaves the result as it is', async (_, source, expected) => {
    expect(await resultOf(source)).toEqual(expected);
  });

  test('fields that are only declared stay unset', async () => {
    expect(await resultOf('class A { declare a: string } const result = "a" in new A();')).toBe(false);
  });
});

describe('what is more than types is written out', () => {
  test.each([
    ['enums', 'enum E { A, B = 5, C, S = "s" } const result = [E.A, E.C, E.S, E[5]];', [0, 6, 's', 'B']],
    ['enums with computed members', 'enum E { A = 1 << 2, B = A | 1 } const result = [E.A, E.B];', [4, 5]],
    ['constant enums', 'const enum E { A = "a" } const result = E.A;', 'a'],
    ['exported enums', 'export enum E { A = 3 } const result = E.A;', 3],
    [
      'parameter properties',
      'class P { constructor(private readonly a: string, public b = 2) {} get() { return this.a } } const p = new P("x"); const result = [p.get(), p.b];',
      ['x', 2],
    ],
  ] as const)('%s are written out', async (_, source, expected) => {
    expect(await resultOf(source)).toEqual(expected);
  });
});

test('lines stay where they are', () => {
  const source = `interface A {
  a: string;
}
enum E {
  A,
  B,
}
class P {
  constructor(
    private readonly a: string,
  ) {}
}
type T =
  | 'a'
  | 'b';
function f(
  a: T,
): void;
function f(a: any) {}
export const mark = 1;
`;
  const lines = eraseTypes('build.ts', source).split('\n');
  expect(lines.findIndex((line) => line.includes('mark'))).toBe(
    source.split('\n').findIndex((line) => line.includes('mark')),
  );
  expect(lines.length).toBe(source.split('\n').length);
});

test('imports of types are dropped, and those for their effect are kept', () => {
  const code = eraseTypes(
    'build.ts',
    "import type { A } from './a.ts';\nimport { type B, c, D } from './b.ts';\nimport './side.ts';\nlet d: D; c(d);\nexport type { A } from './a.ts';\n",
  );
  expect(code).not.toContain('a.ts');
  expect(code).toContain("from './b.ts'");
  expect(code).toContain("import './side.ts'");
  expect(code).not.toMatch(/\bB\b/);
});

test.each(['a.js', 'a.mjs', 'A.JS'])('%s stays as it is', (name) => {
  expect(eraseTypes(name, 'const a = <b>(c);')).toBe('const a = <b>(c);');
});

test.each(['build.ts', 'build.mts', 'Dockerfile'])('%s is TypeScript', (name) => {
  expect(eraseTypes(name, 'const a: number = 1;')).toBe('const a = 1;');
});

describe('syntax errors', () => {
  test('have the line', () => {
    expect(errorOf('build.ts', 'const a = 1;\n\nconst b = (;\n')).toMatchObject({ code: 'program-syntax', line: 3 });
  });

  test('say what is wrong once', () => {
    expect(errorOf('lib/a.ts', 'let = = 3;\n').message).toBe('syntax error: Unexpected token');
  });

  test('are those of namespaces, too, which cannot be erased', () => {
    expect(errorOf('build.ts', '\nnamespace N { export const a = 1 }\nconsole.log(N.a);\n')).toMatchObject({
      line: 2,
      message: 'namespaces cannot be erased: make N a module or an object',
    });
    expect(eraseTypes('build.ts', 'namespace N { export type A = string }\nconst a: N.A = "";\n')).toBe(
      '\nconst a = "";\n',
    );
    expect(eraseTypes('build.ts', 'const a = `\nnamespace N {}\n`; N;\n')).toContain('namespace N');
  });

  test.each(['(', '`${', '/*', '"', '@', '<', '('.repeat(20_000)])('%# do not end otherwise', (source) => {
    expect(errorOf('build.ts', source).code).toBe('program-syntax');
  });
});
