import { describe, expect, test } from 'vitest';
import { formatUrl, parseUrl, parseUrlQuery, unescapePath } from '../../src/go/url.ts';

describe('parseUrl', () => {
  test('divides an address into its parts', () => {
    expect(parseUrl('HTTP://us%40er:p%3Aw@Host:80/a%20b/c?q=1&r#f%20g')).toEqual({
      scheme: 'http',
      opaque: '',
      user: { username: 'us@er', password: 'p:w' },
      host: 'Host:80',
      path: '/a b/c',
      rawPath: '',
      omitHost: false,
      forceQuery: false,
      rawQuery: 'q=1&r',
      fragment: 'f g',
    });
    expect(parseUrl('mailto:a@b')).toMatchObject({ scheme: 'mailto', opaque: 'a@b', path: '' });
    expect(parseUrl('a/b:c')).toMatchObject({ scheme: '', path: 'a/b:c' });
    expect(parseUrl('/a%2Fb')).toMatchObject({ path: '/a/b', rawPath: '/a%2Fb' });
    expect(parseUrl('///x')).toMatchObject({ host: '', path: '///x' });
    expect(parseUrl('*')).toMatchObject({ path: '*' });
  });

  test.each([
    'http://www.example.org/',
    'http://user:pass%20word@example.org/a%20b/%2f(c)',
    'http://example.org/file%20one&two',
    'http://[fe80::1%25en0]:8080/',
    'http://[::ffff:1.2.3.4]/',
    'file:///a/b',
    'file:/a/b',
    'mailto:x@y',
    '//host/path',
    '/path/a:b',
    'http://example.org?',
    "http://example.org/!$&'()*+,;=:@[x]",
    'git://a:b:1/x',
  ])('%s is written as it was', (text) => {
    expect(formatUrl(parseUrl(text))).toBe(text);
  });

  test('what needs escaping is escaped', () => {
    expect(formatUrl(parseUrl('http://example.org/ü "x"'))).toBe('http://example.org/%C3%BC%20%22x%22');
    expect(formatUrl({ ...parseUrl('a'), path: 'a:b' })).toBe('./a:b');
  });

  test.each([
    ['http://[::1/', "missing ']' in host"],
    ['http://a b/', 'invalid character " " in host name'],
    ['http://a%20b/', 'invalid URL escape "%20"'],
    ['http://h:x/', 'invalid port ":x" after host'],
    ['http://h:1:2/', 'invalid port ":1:2" after host'],
    ['http://x[::1]/', 'invalid IP-literal'],
    ['http://[1.2.3.4]/', 'invalid IP-literal'],
    ['http://[::01.2.3.4]/', 'invalid host: ParseAddr("::01.2.3.4"): unable to parse IP'],
    ['http://[::1%25]/', 'invalid host: ParseAddr("::1%"): unable to parse IP'],
    ['http://us<er@h/', 'net/url: invalid userinfo'],
    ['http://h/%', 'invalid URL escape "%"'],
    ['http://h/%zzz', 'invalid URL escape "%zz"'],
    ['http://h/\x7f', 'net/url: invalid control character in URL'],
    ['a\nb', 'net/url: invalid control character in URL'],
    [':x', 'missing protocol scheme'],
    ['1a:x', 'first path segment in URL cannot contain colon'],
  ])("refuses %j with Go's words", (text, problem) => {
    expect(() => parseUrl(text)).toThrow(`parse ${JSON.stringify(text).replace('\x7f', '\\x7f')}: ${problem}`);
  });

  test('a bad fragment is reported with the whole URL', () => {
    expect(() => parseUrl('http://h/#%z')).toThrow(new Error('parse "http://h/#%z": invalid URL escape "%z"'));
  });
});

test('a query is divided into names and values as Go does', () => {
  expect(parseUrlQuery('a=1&b=2+3&a=%34&c&&=x').values).toEqual(
    new Map([
      ['a', ['1', '4']],
      ['b', ['2 3']],
      ['c', ['']],
      ['', ['x']],
    ]),
  );
  const bad = parseUrlQuery('a=%z&b;c&d=1');
  expect(bad.values).toEqual(new Map([['d', ['1']]]));
  expect(bad.error?.message).toBe('invalid semicolon separator in query');
  expect(parseUrlQuery('a=%z&b=%y').error?.message).toBe('invalid URL escape "%z"');
  expect(parseUrlQuery('a;b').error?.message).toBe('invalid semicolon separator in query');
  expect(unescapePath('a+b%2F')).toBe('a+b/');
});
