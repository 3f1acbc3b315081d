import { describe, expect, test } from 'vitest';
import { candidates, isPackage, packageFiles, packageOf } from '../../src/program/resolve-import.ts';

describe('a relative import', () => {
  test.each([
    ['./a.ts', 'build.ts', ['a.ts']],
    ['./a.js', 'build.ts', ['a.js', 'a.ts']],
    ['./a.mjs', 'build.ts', ['a.mjs', 'a.mts']],
    ['./a.json', 'build.ts', ['a.json']],
    ['../b.ts', 'lib/a.ts', ['b.ts']],
    ['./x/../b.ts', 'lib/a.ts', ['lib/b.ts']],
    [
      './a',
      'lib/x.ts',
      ['ts', 'mts', 'js', 'mjs', 'json']
        .map((end) => `lib/a.${end}`)
        .concat(['lib/a/index.ts', 'lib/a/index.js', 'lib/a']),
    ],
  ])('%s of %s has these files as candidates', (specifier, importer, expected) => {
    expect(candidates(specifier, importer)).toEqual(expected);
  });

  test.each(['../a.ts', '../../a.ts', './../a.ts', './x/../../a.ts'])('%s of build.ts lies outside', (specifier) => {
    expect(() => candidates(specifier, 'build.ts')).toThrow('lies outside the directory of the program');
  });
});

describe('what a program cannot import', () => {
  test.each(['node:fs', 'https://example.com/a.js', 'file:///a.ts', 'data:text/javascript,1', '/etc/a.ts'])(
    '%s is refused with the reason',
    (specifier) => {
      expect(() => candidates(specifier, 'build.ts')).toThrow(
        'it has no file system, no network and no modules of Node',
      );
    },
  );

  test.each(['tsfront', 'tsfront/client', 'tsfront/build/x'])('%s names what there is', (specifier) => {
    expect(() => candidates(specifier, 'build.ts')).toThrow('it has tsfront/build and tsfront/llb');
  });

  test('modules of Node without their prefix are refused', () => {
    expect(() => candidates('fs', 'build.ts')).toThrow('no modules of Node');
    expect(() => candidates('fs/promises', 'build.ts')).toThrow('no modules of Node');
  });

  test('imports maps of packages are refused', () => {
    expect(() => candidates('#internal', 'node_modules/a/index.js')).toThrow('#internal');
  });
});

describe('a package', () => {
  test.each([
    ['a', { name: 'a', subpath: '.' }],
    ['a/b/c.js', { name: 'a', subpath: './b/c.js' }],
    ['@s/a', { name: '@s/a', subpath: '.' }],
    ['@s/a/b', { name: '@s/a', subpath: './b' }],
  ])('%s is cut into a name and a path in it', (specifier, expected) => {
    expect(packageOf(specifier)).toEqual(expected);
    expect(isPackage(specifier)).toBe(true);
  });

  test('is looked for in the directories above', () => {
    expect(candidates('@s/a/b', 'lib/x/y.ts')).toEqual([
      'lib/x/node_modules/@s/a/package.json',
      'lib/node_modules/@s/a/package.json',
      'node_modules/@s/a/package.json',
    ]);
    expect(candidates('b', 'node_modules/a/dist/i.js')).toEqual([
      'node_modules/a/dist/node_modules/b/package.json',
      'node_modules/a/node_modules/b/package.json',
      'node_modules/b/package.json',
    ]);
  });
});

describe('the file of a package', () => {
  const files = (manifest: object, specifier = 'a') => packageFiles('node_modules/a/package.json', manifest, specifier);
  const file = (exports: unknown, specifier?: string) => files({ exports, main: 'wrong.js' }, specifier).join(' ');

  test.each([
    ['nothing', {}, 'index.js'],
    ['main', { main: './lib/main.js' }, 'lib/main.js'],
    ['main without an extension', { main: 'lib/main' }, 'lib/main.js node_modules/a/lib/main/index.js'],
    ['main of CommonJS', { main: 'index.cjs' }, 'index.cjs'],
    ['module before main', { main: 'a.js', module: 'a.mjs' }, 'a.mjs'],
    ['main that is no text', { main: 3 }, 'index.js'],
  ])('the file of a package is found by %s', (_, manifest, expected) => {
    expect(files(manifest).join(' ')).toBe(`node_modules/a/${expected}`);
  });

  test('a path in a package without exports is that file, or one with an extension', () => {
    expect(files({}, 'a/lib/x.js')).toEqual(['node_modules/a/lib/x.js']);
    expect(files({}, 'a/lib/x')).toEqual([
      'node_modules/a/lib/x.js',
      'node_modules/a/lib/x/index.js',
      'node_modules/a/lib/x',
    ]);
  });

  test.each([
    ['a text', './x.js', 'a'],
    ['conditions', { types: './x.d.ts', require: './x.cjs', import: './x.js' }, 'a'],
    ['the first condition that holds', { node: './n.js', default: './x.js', import: './y.js' }, 'a'],
    ['nested conditions', { node: { import: './n.js' }, import: { types: './x.d.ts', default: './x.js' } }, 'a'],
    ['a condition whose own ones do not hold', { import: { node: './n.js' }, default: './x.js' }, 'a'],
    ['alternatives', [{ require: './x.cjs' }, './x.js'], 'a'],
    ['the point', { '.': './x.js', './y': './y.js' }, 'a'],
    ['a path', { '.': './i.js', './y': './x.js' }, 'a/y'],
    ['a pattern', { './*': './*.js' }, 'a/x'],
    ['a pattern with an end', { './lib/*.js': './*.js' }, 'a/lib/x.js'],
    ['the longest pattern', { './*': './wrong/*.js', './lib/*': './*.js' }, 'a/lib/x'],
    ['a path before a pattern', { './*': './wrong.js', './x': './x.js' }, 'a/x'],
  ])('the file of a package is found by exports with %s', (_, exports, specifier) => {
    expect(file(exports, specifier)).toBe('node_modules/a/x.js');
  });

  test.each([
    ['a path that is not there', { '.': './x.js' }, 'a/y'],
    ['null', { '.': null }, 'a'],
    ['a path that is taken out of a pattern', { './*': './*.js', './internal/*': null }, 'a/internal/x'],
    ['CommonJS only', { require: './x.cjs' }, 'a'],
    ['a text, for a path', './x.js', 'a/y'],
    ['an empty object', {}, 'a'],
    ['a number', 3, 'a'],
    ['what every object has', { '.': './x.js' }, 'a/constructor'],
  ])('the package does not export it: %s', (_, exports, specifier) => {
    expect(() => file(exports, specifier)).toThrow(/the package a does not export \.\S* as an ES module/);
  });

  test.each(['../b/x.js', './../../x.js', '/etc/passwd/../../..'])(
    'a file outside of the package is refused: %s',
    (target) => {
      expect(() => file(target)).toThrow('the package a names a file outside of itself');
    },
  );

  test('a pattern that leads out of the package is refused', () => {
    expect(() => file({ './*': './lib/*' }, 'a/../../../x.js')).toThrow('outside of itself');
  });
});
