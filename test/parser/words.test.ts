import { describe, expect, test } from 'vitest';
import { chompHeredocContent, createShellLex, emptyEnv, parseHeredoc, type WordError } from '../../src/parser/index.ts';
import { compileShellPattern, replaceAll, replaceFirst, trimPrefix } from '../../src/parser/shell-pattern.ts';

const values = new Map([
  ['NAME', 'value'],
  ['EMPTY', ''],
  ['FILE', 'a/b.tar.gz'],
  ['LIST', 'one two'],
  ['BYTES', 'a\udc80 b\udc80'],
]);
const env = { get: (name: string) => values.get(name), keys: () => [...values.keys()] };
const lex = createShellLex({ escape: '\\' });

function expand(word: string): string {
  return lex.processWord(word, env).result;
}

describe('a word', () => {
  test.each([
    ['plain', 'plain'],
    ['$NAME-${NAME}', 'value-value'],
    ['${NONE:-$NAME}', 'value'],
    ['${EMPTY-x}${EMPTY:-y}', 'y'],
    ['${EMPTY+x}${EMPTY:+y}${NAME:+z}', 'xz'],
    ['${FILE#*.}', 'tar.gz'],
    ['${FILE##*.}', 'gz'],
    ['${FILE%.*}', 'a/b.tar'],
    ['${FILE%%.*}', 'a/b'],
    ['${FILE/a/x}', 'x/b.tar.gz'],
    ['${FILE//[.]/-}', 'a/b.tar.gz'],
    ['${FILE//./-}', 'a/b-tar-gz'],
    ['${NAME/a/\\b}', 'v\\blue'],
    [`"$NAME" '$NAME' \\$NAME`, 'value $NAME $NAME'],
    ['"\\a\\"\\$"', '\\a"$'],
    ['end\\', 'end'],
    ['$', '$'],
    ['$1a', 'a'],
    ['\ufeffx', 'x'],
    ['\udcff$NAME', '\ufffdvalue'],
    ['${BYTES}${BYTES#a?}${BYTES%x}', 'a\udc80 b\udc80 b\udc80a\ufffd b\ufffd'],
    ['${BYTES//\udcff/x}', 'ax bx'],
    ['${BYTES#$BYTES}', ''],
    // A letter since Unicode 16.
    ['$A\ua7cb', '\ua7cb'],
  ])('a word is expanded: %s becomes %j', (word, result) => {
    expect(expand(word)).toBe(result);
  });

  test('an expanded word tells which variables it used', () => {
    const { matched, unmatched } = lex.processWord('$NAME ${NONE:-$EMPTY} "${OTHER}"', env);
    expect([...matched]).toEqual(['NAME', 'EMPTY']);
    expect([...unmatched]).toEqual(['NONE', 'OTHER']);
  });

  test('an error tells which variables were not set before it', () => {
    const failed = (word: string, expansion: (word: string, variables: typeof env) => unknown = lex.processWord) => {
      try {
        return expansion(word, env);
      } catch (error) {
        return [...(error as WordError).unmatched];
      }
    };
    expect(failed('$NONE ${')).toEqual(['NONE']);
    expect(failed('$NAME ${')).toEqual([]);
    expect(failed('$NONE ${', lex.processWords)).toEqual(['NONE']);
    expect(failed('$NAME ${', lex.processWords)).toEqual([]);
  });

  test.each([
    ['${', 'failed to process "${": syntax error: missing \'}\''],
    ['${}', 'failed to process "${}": syntax error: bad substitution'],
    ['"a\\', 'failed to process "\\"a\\\\": unexpected end of statement while looking for matching double-quote'],
    ['${A', 'failed to process "${A": unsupported modifier (\ufffd) in substitution'],
    ['${A:-b', 'failed to process "${A:-b": syntax error: missing \'}\''],
    ['${A:=b}', 'failed to process "${A:=b}": unsupported modifier (:=) in substitution'],
    ['${A:#b}', 'failed to process "${A:#b}": unsupported modifier (:#) in substitution'],
    ['${A?}', 'failed to process "${A?}": A: is not allowed to be unset'],
    ['${EMPTY:?}', 'failed to process "${EMPTY:?}": EMPTY: is not allowed to be empty'],
    ['${A:?give it}', 'failed to process "${A:?give it}": A: give it'],
    [
      '${NAME%a\\b}',
      'failed to process "${NAME%a\\\\b}": invalid pattern (\\ba) in substitution: invalid escape \'\\b\'',
    ],
    ['"a', 'failed to process "\\"a": unexpected end of statement while looking for matching double-quote'],
    ["'a", 'failed to process "\'a": unexpected end of statement while looking for matching single-quote'],
  ])('a word that cannot be expanded is an error: %s', (word, message) => {
    expect(() => expand(word)).toThrow(expect.objectContaining({ message }));
  });

  test('a word can be nested deep, but not without end', () => {
    const nested = (depth: number) => '"${A:-'.repeat(depth) + '}"'.repeat(depth);
    expect(expand(nested(999))).toBe('');
    expect(() => expand(nested(1_000))).toThrow(/nested too deeply$/);
    expect(() => expand(nested(100_000))).toThrow(/nested too deeply$/);
  });
});

describe('the length of a word', () => {
  const mebibyte = 'm'.repeat(1 << 20);
  const oneOf = (name: string, value: string) => ({
    get: (it: string) => (it === name ? value : undefined),
    keys: () => [name],
  });

  test('the length of a word is 16 MiB at most once its variables are expanded', () => {
    const longest = oneOf('A', mebibyte.repeat(16));
    expect(lex.processWord('$A', longest).result).toHaveLength(16 << 20);
    expect(() => lex.processWord('x$A', longest)).toThrow(/longer than 16 MiB once its variables are expanded$/);
    const longer = oneOf('A', `x${mebibyte.repeat(16)}`);
    expect(() => lex.processWords('$A', longer)).toThrow(/longer than 16 MiB once its variables are expanded$/);
    expect(() => lex.processWord('"x$A"', longest)).toThrow(/longer than 16 MiB/);
    const replaced = `\${A//*/${'\\$0'.repeat(17)}}`;
    expect(() => lex.processWord(replaced, oneOf('A', mebibyte))).toThrow(/longer than 16 MiB/);
  });

  test('the length of a word is not limited as it is written', () => {
    const raw = createShellLex({ escape: '\\', rawQuotes: true });
    const written = `"${mebibyte.repeat(16)}"`;
    expect(raw.processWord(written, emptyEnv).result === written).toBe(true);
  });

  test('a lexer expands all its words together to 256 MiB at most', () => {
    const shared = createShellLex({ escape: '\\' });
    const env = oneOf('A', mebibyte);
    for (let words = 0; words < 256; words++) shared.processWord('$A', env);
    expect(() => shared.processWord('$A', env)).toThrow(/expand to more than 256 MiB of text$/);
    expect(() => shared.processWords('$A', env)).toThrow(/expand to more than 256 MiB of text$/);
    expect(shared.processWord('"as it is"', env).result).toBe('as it is');
  });
});

describe('words', () => {
  test('words are split at blanks, those of values included, but not at quoted ones', () => {
    expect(lex.processWords(`a  "b c" $LIST "$LIST" d\\ e ''`, env)).toEqual([
      'a',
      'b c',
      'one',
      'two',
      'one two',
      'd e',
    ]);
  });

  test('bytes of a variable that are not UTF-8 are replaced in words', () => {
    expect(lex.processWords('$BYTES', env)).toEqual(['a\ufffd', 'b\ufffd']);
  });

  test('words lose what is in front of a modifier', () => {
    expect(lex.processWords('80${NONE:-90} 70', env)).toEqual(['90', '70']);
  });

  test('words keep the quotes, escapes and variables that the options name', () => {
    const raw = createShellLex({ escape: '`', rawQuotes: true, rawEscapes: true, skipUnsetEnv: true });
    expect(raw.processWords('"a b" `"c ${D:-`}}', emptyEnv)).toEqual(['"a b"', '`"c', '${D:-}}']);
    const unset = createShellLex({ escape: '\\', skipUnsetEnv: true });
    expect(unset.processWord('${D/x/y}${D//x/y}$D', emptyEnv).result).toBe('${D/x/y}${D/x/y}$D');
    const unquoted = createShellLex({ escape: '\\', skipProcessQuotes: true });
    expect(unquoted.processWord('"$NAME\'', env).result).toBe('"value\'');
  });
});

describe('patterns', () => {
  const many = '*a'.repeat(200);

  test('patterns with many stars take no more than linear time', () => {
    const value = 'a'.repeat(20_000);
    expect(trimPrefix(compileShellPattern(`${many}*b`), value, true)).toBe(value);
    expect(trimPrefix(compileShellPattern(`${many}*b`), value, false)).toBe(value);
    expect(replaceAll(compileShellPattern(`${many}*b`), value, 'x')).toBe(value);
  });

  test('patterns do not reach over line breaks, unless they have one', () => {
    expect(trimPrefix(compileShellPattern('*b'), 'a\nb', true)).toBe('a\nb');
    expect(trimPrefix(compileShellPattern('?b'), '\nb', true)).toBe('\nb');
    expect(trimPrefix(compileShellPattern('*\n*b'), 'a\nxbxb', true)).toBe('');
    expect(trimPrefix(compileShellPattern('*\n*b'), 'a\nxbxb', false)).toBe('xb');
    expect(replaceFirst(compileShellPattern('a*b'), 'a\nab', '-')).toBe('a\n-');
  });

  test('patterns count characters, not code units', () => {
    expect(trimPrefix(compileShellPattern('?'), '😀x', false)).toBe('x');
    expect(replaceAll(compileShellPattern(''), '😀x', '-')).toBe('-😀-x-');
  });

  test('patterns are looked for from each place of a line on if their first line break is not their end', () => {
    expect(replaceFirst(compileShellPattern('a\n*b'), 'a\na\nb', '-')).toBe('a\n-');
  });

  test('a pattern loses a byte order mark in front, which values keep', () => {
    expect(trimPrefix(compileShellPattern('\ufeffa'), 'ab', false)).toBe('b');
    expect(trimPrefix(compileShellPattern('?'), '\ufeffab', false)).toBe('ab');
    expect(replaceFirst(compileShellPattern('a'), '\ufeffab', '-')).toBe('\ufeff-b');
    expect(replaceAll(compileShellPattern('a'), '\ufeffaba', '-')).toBe('\ufeff-b-');
  });

  test('patterns take one comparison for each character of the value and of what is tried, and no more than they may', () => {
    const withBudget = (comparisons: number) => trimPrefix(compileShellPattern('a', { comparisons }), 'a', false);
    expect(withBudget(3)).toBe('');
    expect(() => withBudget(2)).toThrow('the patterns of the file take too long to match');
  });

  test('replacing all matches tells how long the result becomes while all matches are replaced', () => {
    const lengths: number[] = [];
    replaceAll(compileShellPattern('a'), 'xaxa', '${0}yz', (length) => lengths.push(length));
    expect(lengths).toEqual([2, 4, 6, 8]);
  });

  test('the replacement of all matches is a template', () => {
    expect(replaceAll(compileShellPattern('a'), 'a', '$$$0$$')).toBe('$a$');
    expect(replaceAll(compileShellPattern('a?'), 'ab ac', '[$0$1${0}$x$$$-]')).toBe('[abab$$-] [acac$$-]');
    expect(replaceFirst(compileShellPattern('a?'), 'ab ac', '$0')).toBe('$0 ac');
  });
});

describe('here-documents', () => {
  test.each([
    ['<<EOF', { name: 'EOF', fileDescriptor: 0, expand: true, chomp: false }],
    ['3<<-EOF', { name: 'EOF', fileDescriptor: 3, expand: true, chomp: true }],
    ['<<"E"OF', { name: 'EOF', fileDescriptor: 0, expand: false, chomp: false }],
    ['<< 2))', { name: '2))', fileDescriptor: 0, expand: true, chomp: false }],
    ['<<${A:-x}', { name: '${A:-x}', fileDescriptor: 0, expand: true, chomp: false }],
    ['<<', undefined],
    ['<<<EOF', undefined],
    ['a<<EOF', undefined],
    ["<<''", undefined],
  ])('here-documents are known by their mark: %s', (word, expected) => {
    expect(parseHeredoc(word)).toEqual(expected);
  });

  test('lines of a here-document lose leading tabs with <<-', () => {
    expect(chompHeredocContent('\t\ta\n\n\tb\r\n \tc\u2028\td')).toBe('a\n\nb\r\n \tc\u2028\td');
  });
});
