import { describe, expect, it } from 'vitest';
import { chompHeredocContent, createShellLex, emptyEnv, parseHeredoc } from '../../src/parser/index.ts';
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
  it.each([
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
  ])('%s', (word, result) => {
    expect(expand(word)).toBe(result);
  });

  it('tells which variables it used', () => {
    const { matched, unmatched } = lex.processWord('$NAME ${NONE:-$EMPTY} "${OTHER}"', env);
    expect([...matched]).toEqual(['NAME', 'EMPTY']);
    expect([...unmatched]).toEqual(['NONE', 'OTHER']);
  });

  it.each([
    ['${', 'failed to process "${": syntax error: missing \'}\''],
    ['${}', 'failed to process "${}": syntax error: bad substitution'],
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
  ])('%s is an error', (word, message) => {
    expect(() => expand(word)).toThrow(expect.objectContaining({ message }));
  });

  it('can be nested deep, but not without end', () => {
    const nested = (depth: number) => '"${A:-'.repeat(depth) + '}"'.repeat(depth);
    expect(expand(nested(900))).toBe('');
    expect(() => expand(nested(100_000))).toThrow(/nested too deeply$/);
  });
});

describe('words', () => {
  it('are split at blanks, those of values included, but not at quoted ones', () => {
    expect(lex.processWords(`a  "b c" $LIST "$LIST" d\\ e ''`, env)).toEqual([
      'a',
      'b c',
      'one',
      'two',
      'one two',
      'd e',
    ]);
  });

  it('have no bytes that are no UTF-8', () => {
    expect(lex.processWords('$BYTES', env)).toEqual(['a\ufffd', 'b\ufffd']);
  });

  it('lose what is in front of a modifier', () => {
    expect(lex.processWords('80${NONE:-90} 70', env)).toEqual(['90', '70']);
  });

  it('keep what they are told to keep', () => {
    const raw = createShellLex({ escape: '`', rawQuotes: true, rawEscapes: true, skipUnsetEnv: true });
    expect(raw.processWords('"a b" `"c ${D:-`}}', emptyEnv)).toEqual(['"a b"', '`"c', '${D:-}}']);
    const unquoted = createShellLex({ escape: '\\', skipProcessQuotes: true });
    expect(unquoted.processWord('"$NAME\'', env).result).toBe('"value\'');
  });
});

describe('patterns', () => {
  const many = '*a'.repeat(200);

  it('with many stars take no more than linear time', () => {
    const value = 'a'.repeat(20_000);
    expect(trimPrefix(compileShellPattern(`${many}*b`), value, true)).toBe(value);
    expect(trimPrefix(compileShellPattern(`${many}*b`), value, false)).toBe(value);
    expect(replaceAll(compileShellPattern(`${many}*b`), value, 'x')).toBe(value);
  });

  it('do not reach over line breaks, unless they have one', () => {
    expect(trimPrefix(compileShellPattern('*b'), 'a\nb', true)).toBe('a\nb');
    expect(trimPrefix(compileShellPattern('?b'), '\nb', true)).toBe('\nb');
    expect(trimPrefix(compileShellPattern('*\n*b'), 'a\nxbxb', true)).toBe('');
    expect(trimPrefix(compileShellPattern('*\n*b'), 'a\nxbxb', false)).toBe('xb');
    expect(replaceFirst(compileShellPattern('a*b'), 'a\nab', '-')).toBe('a\n-');
  });

  it('count characters, not code units', () => {
    expect(trimPrefix(compileShellPattern('?'), '😀x', false)).toBe('x');
    expect(replaceAll(compileShellPattern(''), '😀x', '-')).toBe('-😀-x-');
  });

  it('replace by a template where all matches are replaced', () => {
    expect(replaceAll(compileShellPattern('a?'), 'ab ac', '[$0$1${0}$x$$$-]')).toBe('[abab$$-] [acac$$-]');
    expect(replaceFirst(compileShellPattern('a?'), 'ab ac', '$0')).toBe('$0 ac');
  });
});

describe('here-documents', () => {
  it.each([
    ['<<EOF', { name: 'EOF', fileDescriptor: 0, expand: true, chomp: false }],
    ['3<<-EOF', { name: 'EOF', fileDescriptor: 3, expand: true, chomp: true }],
    ['<<"E"OF', { name: 'EOF', fileDescriptor: 0, expand: false, chomp: false }],
    ['<< 2))', { name: '2))', fileDescriptor: 0, expand: true, chomp: false }],
    ['<<${A:-x}', { name: '${A:-x}', fileDescriptor: 0, expand: true, chomp: false }],
    ['<<', undefined],
    ['<<<EOF', undefined],
    ['a<<EOF', undefined],
    ["<<''", undefined],
  ])('%s', (word, expected) => {
    expect(parseHeredoc(word)).toEqual(expected);
  });

  it('lose leading tabs with <<-', () => {
    expect(chompHeredocContent('\t\ta\n\n\tb\r\n \tc\u2028\td')).toBe('a\n\nb\r\n \tc\u2028\td');
  });
});
