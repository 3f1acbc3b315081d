import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  redactCredentials,
  redactedJson,
  redactJsonText,
  redactSecretsOf,
  stripCredentials,
} from '../../src/text/redact.ts';

describe('credentials of addresses', () => {
  test.each([
    'see https://host/x?token=SECRET, then more',
    'fetch https://host/x?token=SECRET: 404',
    '(curl https://host/x?sig=SECRET)',
    '$(curl https://host/x?a=b&token=SECRET); make',
    'curl https://host/x?token=SECRET| tar x',
    '[https://host/x?token=SECRET]',
    'from https://host/x?token=SECRET.',
    String.raw`{"log":"https://host/x?token=SECRET\n"}`,
    String.raw`{"log":"\"https://host/x?token=SECRET\""}`,
    'https://host/x?token=$TOKEN, then more',
    'https://host/x?token=${TOKEN}) then more',
  ])('what stands after an address stays: %s', (text) => {
    expect(redactCredentials(text.replace('SECRET', 'a.b)c'))).toBe(text.replace('SECRET', 'xxxxx'));
  });

  test.each([
    ['https://user:pass@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://token@host', 'https://xxxxx@host'],
    ['https://token:x-oauth-basic@github.com/a.git', 'https://xxxxx:xxxxx@github.com/a.git'],
    ['https://:pass@host', 'https://:xxxxx@host'],
    ['https://user:@host', 'https://xxxxx:@host'],
    ['https://user:pa@ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:pa/ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:pa#ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:pa?ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:pa://ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:pa"ss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:p@s/s@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://user:p@ss.word/s@example.com/x', 'https://xxxxx:xxxxx@example.com/x'],
    ['https://user:12/34@example.com/x', 'https://xxxxx:xxxxx@example.com/x'],
    ['https://to/ken@example.com/x', 'https://xxxxx@example.com/x'],
    ['https://user:pa%40%2fss@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['https://me@example.com:pass@host/x', 'https://xxxxx:xxxxx@host/x'],
    ['tcp://user:pass@[::1]:1234', 'tcp://xxxxx:xxxxx@[::1]:1234'],
    ['ssh://git:pass@host/x', 'ssh://xxxxx:xxxxx@host/x'],
    ['docker+tcp://user:pass@host:2375', 'docker+tcp://xxxxx:xxxxx@host:2375'],
    ['HTTP://user:pass@host', 'HTTP://xxxxx:xxxxx@host'],
    ['user:pass@host:a/b.git', 'xxxxx:xxxxx@host:a/b.git'],
    ['proxy=user:pass@proxy:3128', 'proxy=xxxxx:xxxxx@proxy:3128'],
    ['http://proxy/https://user:pass@host', 'http://proxy/https://xxxxx:xxxxx@host'],
    ['me@example.com:pass@host:a/b.git', 'xxxxx:xxxxx@host:a/b.git'],
    ['jürgen:pass@host:a/b.git', 'xxxxx:xxxxx@host:a/b.git'],
    ['user+tag:pass@host:a/b.git', 'xxxxx:xxxxx@host:a/b.git'],
    ['https:/user:pass@host/x', 'https:/xxxxx:xxxxx@host/x'],
    ['https:user:pa:ss@host', 'https:xxxxx:xxxxx@host'],
    ['//user:pa@ss@host/x', '//xxxxx:xxxxx@host/x'],
    ['invalid port ":pa\\"ss" after host', 'invalid port ":xxxxx" after host'],
    [
      'parse "https://me:pass": invalid port ":pass" after host',
      'parse "https://xxxxx": invalid port ":xxxxx" after host',
    ],
    ['https://host/x?pwd=pass&a=b', 'https://host/x?pwd=xxxxx&a=b'],
    ['https://host/x?key=pass&a=b', 'https://host/x?key=xxxxx&a=b'],
    ['https://host/x#access_token=pass&a=b', 'https://host/x#access_token=xxxxx&a=b'],
  ])('credentials of addresses are hidden, with whatever stands around them: %s', (address, redacted) => {
    expect(redactCredentials(address)).toBe(redacted);
    for (const [before, after] of [
      ['"', '"'],
      ["'", "': no answer"],
      ['(', ')'],
      ['failed to fetch ', ' (me@example.com)'],
    ])
      expect(redactCredentials(before + address + after)).toBe(before + redacted + after);
  });

  test.each([
    'ssh://git@github.com/a/b.git',
    'git@github.com:a/b.git#main:directory',
    'docker-image://alpine:3.20@sha256:0123456789abcdef',
    'docker-image://localhost:5000/alpine@sha256:0123456789abcdef',
    'oci-layout://store:tag@sha256:0123456789abcdef',
    'docker.io/library/alpine:3.20@sha256:0123456789abcdef',
    'https://registry:4873/@scope/package',
    'https://esm.sh/react@18.2.0',
    'https://example.com:8080/x#feature@2',
    'tcp://[::1]:1234',
    'want unix://PATH, tcp://HOST:PORT, docker-container://NAME, ssh://[USER@]HOST or stdio:COMMAND',
    'unix:///run/me@example.com/docker.sock',
    'https://$USER:$TOKEN@example.com, https://${TOKEN}@example.com',
    '{"a":"https://host","b":"me@example.com"}',
    'https://host/x?monkey=1&keys=2',
    '// see me@example.com: a note',
    'http: the server said no: me@example.com',
    'COPY --from=image@v1 a b; mail me@example.com: https://example.com',
  ])('text that only resembles credentials stays: %s', (text) => {
    expect(redactCredentials(text)).toBe(text);
  });

  test('several addresses in one text are redacted each alone', () => {
    expect(redactCredentials('https://a:b@c,https://d:e@f https://plain/x "https://g@h" me@i')).toBe(
      'https://xxxxx:xxxxx@c,https://xxxxx:xxxxx@f https://plain/x "https://xxxxx@h" me@i',
    );
  });

  test('parameters of a query that give access are hidden', () => {
    expect(
      redactCredentials(
        'https://h/a?x=1&token=t&X-Amz-Credential=c&X-Amz-Signature=s&sig=g&author=me#r https://h/?access_token=$T',
      ),
    ).toBe(
      'https://h/a?x=1&token=xxxxx&X-Amz-Credential=xxxxx&X-Amz-Signature=xxxxx&sig=xxxxx&author=me#r https://h/?access_token=$T',
    );
  });

  test.each([
    ['https://h/x?code=SECRET&a=b', 'https://h/x?code=xxxxx&a=b'],
    ['https://h/x?a=b&auth_code=SECRET', 'https://h/x?a=b&auth_code=xxxxx'],
    ['https://h/x?%74oken=SECRET', 'https://h/x?%74oken=xxxxx'],
    ['https://h/x?a=b&to%6Ben=SECRET', 'https://h/x?a=b&to%6Ben=xxxxx'],
    ['https://h/x?%2574oken=SECRET', 'https://h/x?%2574oken=xxxxx'],
    ['https://h/x?client%5Fsecret=SECRET', 'https://h/x?client%5Fsecret=xxxxx'],
    ['https://h/x?%zz&tok%65n=SECRET', 'https://h/x?%zz&tok%65n=xxxxx'],
    ['https://h/x?auth%5Btoken%5D=SECRET', 'https://h/x?auth%5Btoken%5D=xxxxx'],
    ['https://h/x?token[]=SECRET', 'https://h/x?token[]=xxxxx'],
    ['https://h/x?a=b\\u0026token=SECRET\\u0026c=d', 'https://h/x?a=b\\u0026token=xxxxx\\u0026c=d'],
    ['https://h/x?a=b&amp;pass=SECRET&amp;c=d', 'https://h/x?a=b&amp;pass=xxxxx&amp;c=d'],
    ['https://h/x;jsessionid=SECRET', 'https://h/x;jsessionid=xxxxx'],
    ['https://h/x?subscription-key=SECRET', 'https://h/x?subscription-key=xxxxx'],
    ['https://h/x?GoogleAccessId=SECRET', 'https://h/x?GoogleAccessId=xxxxx'],
    ['https://h/x?next=https://u:SECRET@i/', 'https://h/x?next=https://xxxxx:xxxxx@i/'],
    ['https://h/x?next=https%3A%2F%2Fu%3ASECRET%40i%2F&a=b', 'https://h/x?next=https%3A%2F%2Fxxxxx%40i%2F&a=b'],
    ['https://h/x?next=%2Fy%3Ftoken%3DSECRET%26a%3Db&c=d', 'https://h/x?next=%2Fy%3Ftoken%3Dxxxxx%26a%3Db&c=d'],
  ])('a query is redacted however it is written: %s', (address, redacted) => {
    expect(redactCredentials(address)).toBe(redacted);
    expect(stripCredentials(address)).not.toContain('SECRET');
  });

  test.each(['RUN make;code=$?;exit $code', 'https://h/x?zip_codes=1&postcode=2&passage=3&inside=4', 'exit code=1'])(
    'what only looks so in a query stays: %s',
    (text) => {
      expect(redactCredentials(text)).toBe(text);
    },
  );

  test('JSON has none in any of its texts', () => {
    const value = { list: ['https://u:SECRET@h', { at: 'https://h/?code=SECRET&a=b' }], count: 2, gone: undefined };
    expect(JSON.parse(redactedJson(value))).toEqual({
      list: ['https://xxxxx:xxxxx@h', { at: 'https://h/?code=xxxxx&a=b' }],
      count: 2,
    });
  });

  test('a JSON text that has none stays as it is, byte by byte', () => {
    const plain = '{ "a": "\\u003cb\\u003e",\n"c": 1 }';
    expect(redactJsonText(plain)).toBe(plain);
    expect(redactJsonText('no JSON: https://u:SECRET@h')).toBe('no JSON: https://xxxxx:xxxxx@h');
    expect(JSON.parse(redactJsonText('{"a":"\\"https://u:SEC\\"RET@h\\""}'))).toEqual({ a: '"https://xxxxx:xxxxx@h"' });
  });

  test('addresses for the record have no place for them', () => {
    expect(stripCredentials('https://user:p@/ss@example.com/x.git\n')).toBe('https://example.com/x.git');
    expect(stripCredentials('https://token@example.com/x?token=y')).toBe('https://example.com/x?token=xxxxx');
    expect(stripCredentials('ssh://git:secret@example.com/x')).toBe('ssh://example.com/x');
    expect(stripCredentials('user:pass@example.com:x')).toBe('example.com:x');
    expect(stripCredentials('git@example.com:x')).toBe('git@example.com:x');
  });

  test('parts of them in what a program says', () => {
    const address = 'https://user:pa@ss%2Fword@example.com/x';
    for (const said of [
      'Could not resolve host: ss%2Fword@example.com',
      'not accepted: pa@ss/word',
      'user:pa@ss%2Fword',
    ])
      expect(redactSecretsOf(address, said)).not.toMatch(/ss.?word|ss%/);
    expect(redactSecretsOf('ssh://git@example.com', 'no git here')).toBe('no git here');
  });
});

describe('whatever the text', () => {
  const piece = fc.constantFrom(
    '://',
    'https://',
    '@',
    ':',
    '/',
    '#',
    '?',
    '&token=',
    '"',
    ' ',
    ',',
    'a',
    '1',
    '.',
    '$',
    '%',
    '\n',
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  const secret = fc
    .array(fc.constantFrom('@', '/', '#', '?', ':', '%', 'x', '7'), { maxLength: 8 })
    .map((middle) => `SECRET${middle.join('')}HIDDEN`);

  test('a password is never printed, not in part', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom('https', 'ssh', 'tcp', 'http'), (password, scheme) => {
        for (const render of [redactCredentials, stripCredentials])
          expect(render(`${scheme}://user:${password}@example.com/x`)).not.toMatch(/SECRET|HIDDEN/);
      }),
    );
  });

  test('redacting twice changes nothing, and text without an @ or a query is kept', () => {
    fc.assert(
      fc.property(text, (given) => {
        const once = redactCredentials(given);
        expect(redactCredentials(once)).toBe(once);
        if (!/[@=]/.test(given)) expect(once).toBe(given);
      }),
    );
  });

  test('a megabyte of what looks like addresses is redacted in linear time', () => {
    // Where each address looked at all the text behind it, this would take hours.
    for (const unit of [
      'a://',
      ',a://',
      'a:b@',
      'u:p/',
      'https://u:',
      '"',
      '?token=',
      '?token',
      '?%',
      '%3a%2f%2f',
      '?a%3d',
      'a:a',
      ':',
      'a',
    ])
      expect(redactCredentials(unit.repeat(2 ** 20 / unit.length)).length).toBeGreaterThan(0);
  });
});
