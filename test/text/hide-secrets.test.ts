import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hideSecretsOf, hideValuesOf } from '../../src/text/hide-secrets.ts';
import { isSecretName } from '../../src/text/secret-name.ts';
import { hideTokens, tokenShapes } from '../../src/text/token-shapes.ts';

const hide = hideSecretsOf([]);

test.each([
  ['ENV DB_PASSWORD=hunter2', 'ENV DB_PASSWORD=•••••••'],
  ['ENV A=1 TOKEN="a b" B=2', 'ENV A=1 TOKEN="•••" B=2'],
  ["RUN API_KEY='a b' make", "RUN API_KEY='•••' make"],
  ['ENV key=values API_KEY=value key="value"', 'ENV key=•••••• API_KEY=••••• key="•••••"'],
  ['env password a b', 'env password •••'],
  ['ENV TOKEN=ab\\\ncd X=1', 'ENV TOKEN=•••\n•• X=1'],
  ['echo \'{"token": "abc", "name": "x"}\'', 'echo \'{"token": "•••", "name": "x"}\''],
  ['npm config set //host/:_authToken=abc', 'npm config set //host/:_authToken=•••'],
  ['login --password abc --user me', 'login --password ••• --user me'],
  ['curl -u me:abc https://h', 'curl -u me:••• https://h'],
  ['password: a b # why', 'password: ••• # why'],
  ["  - db.password: 'a b'\n  name: x", "  - db.password: '•••'\n  name: x"],
  ['password: a,b}c#d', 'password: •••••••'],
  ['  12 |   api-key: abc', '  12 |   api-key: •••'],
  ['echo "password: abc" > f', 'echo "password: •••" > f'],
  ['{user: me, password: abc}', '{user: me, password: •••}'],
  ["printf 'user: me\\npassword: abc\\n'", "printf 'user: me\\npassword: •••\\n'"],
  ['machine h login u password abc', 'machine h login u password •••'],
  ['machine h\n  login u\n  password abc\n', 'machine h\n  login u\n  password •••\n'],
  ['-H "Authorization: Bearer abcdef" x', '-H "Authorization: Bearer ••••••" x'],
])('the secrets are hidden in %s', (text, hidden) => {
  expect(hide(text)).toBe(hidden);
});

test.each([
  'ENV TOKEN_FILE=/run/secrets/token',
  'password: $PASSWORD\ntoken: ${TOKEN}\nsecret: |\n  x\npassword:\n',
  'error: unknown token: x',
  "invalid field 'target' must be a key=value pair",
  '"ENV key=value" should be used instead of legacy "ENV key value" format',
  'machine h login u password $PASSWORD',
  'ENV TOKEN=$OTHER',
  'RUN --mount=type=secret,id=token,env=TOKEN echo "$TOKEN"',
  'RUN login --password "$(cat /run/secrets/p)"',
  'ENV PUBLIC_KEY=abc VERSION=1',
  'ARG TOKEN',
  '-H "Authorization: Bearer $TOKEN"',
  'COPY --chmod=600 keyring.gpg /etc/',
  'LABEL author=me',
  'RUN apt-key adv --keyserver keys.example.com',
])('%s has nothing to hide', (text) => {
  expect(hide(text)).toBe(text);
});

describe('a value', () => {
  test('is hidden wherever it stands, also with what its variables stand for', () => {
    const text = 'ARG BASE=begin\nARG TOKEN=${BASE}-rest7\n';
    expect(hideSecretsOf([text])('COPY x /begin-rest7/y')).toBe('COPY x /•••••••••••/y');
    expect(hideValuesOf([['TOKEN', 'a"b$c-1234']])('run a\\"b\\$c-1234')).toBe('run ••••••••••••');
  });

  test('that may be in ordinary text is hidden only where it is set', () => {
    const dockerfile = 'ENV AUTH=on\nRUN turn on\n';
    expect(hideSecretsOf([dockerfile])(dockerfile)).toBe('ENV AUTH=••\nRUN turn on\n');
  });
});

test('every kind of token is hidden by its form', () => {
  const x = (count: number) => 'Ab3'.repeat(100).slice(0, count);
  const tokens = [
    `ghp_${x(36)}`,
    `github_pat_${x(40)}`,
    `glpat-${x(20)}`,
    `npm_${x(36)}`,
    `pypi-${x(60)}`,
    `dckr_pat_${x(27)}`,
    'AKIAIOSFODNN7EXAMPL3',
    `AIza${x(35)}`,
    `xoxb-${x(20)}`,
    `sk_live_${x(24)}`,
    `sk-ant-${x(40)}`,
    `hf_${x(34)}`,
    `eyJ${x(10)}.eyJ${x(10)}.${x(20)}`,
  ];
  for (const token of tokens) expect(hideTokens(`use ${token} here`)).toBe(`use ${'•'.repeat(token.length)} here`);
  expect(hideTokens(`-----BEGIN RSA PRIVATE KEY-----\n${x(60)}\n-----END`)).not.toContain('Ab3');
  expect(new Set(tokenShapes.map(({ pattern }) => pattern.flags.includes('g')))).toEqual(new Set([true]));
});

test('names of secrets are those that the lint rule knows', () => {
  expect(['TOKEN', 'db_password', 'API_KEY', 'AUTH_X'].every(isSecretName)).toBe(true);
  expect(['TOKEN_FILE', 'PUBLIC_KEY', 'KEYS', 'TOKENS', 'monkey'].some(isSecretName)).toBe(false);
});

test('a hidden text has as many characters and lines as before', () => {
  const pieces = [
    'TOKEN',
    '=',
    '"',
    "'",
    '\\',
    '\n',
    ' ',
    'ENV ',
    'ghp_',
    '$',
    'abcdefghij0123456789',
    ':',
    'password',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((it) => it.join('')),
      (text) => {
        const hidden = hideSecretsOf([text])(text);
        expect(hidden).toHaveLength(text.length);
        expect(hidden.split('\n')).toHaveLength(text.split('\n').length);
      },
    ),
  );
});

test('a megabyte of what looks like secrets is hidden in linear time', () => {
  for (const piece of [
    'TOKEN="',
    "TOKEN='\\",
    'eyJaaaaaaaa.',
    'ENV TOKEN a\\\n',
    'token.',
    '?token=a',
    '-----BEGIN PRIVATE KEY-----aaaa ',
    'password: ',
    'password: "\\',
    'machine a login b ',
    '\n  - ',
  ])
    hideSecretsOf([piece.repeat((1 << 20) / piece.length)])(piece.repeat((1 << 20) / piece.length));
});

test('the form of ENV that a message of BuildKit shows is no secret', () => {
  const message = '"ENV key=value" should be used instead of legacy "ENV key value" format';
  expect(hideSecretsOf([])(message)).toBe(message);
  expect(hideSecretsOf([])('"ENV key=value" and key=values7 token=abcdef')).toBe(
    '"ENV key=value" and key=••••••• token=••••••',
  );
});

test('a value of YAML or .netrc is hidden elsewhere, too', () => {
  const text = 'RUN <<END\npassword: planted-21\nmachine h login u password planted-22\nEND\n';
  const hide = hideSecretsOf([text]);
  expect(hide('app planted-21 planted-22')).toBe('app •••••••••• ••••••••••');
});

test('the value of a flag in an array is hidden there and elsewhere', () => {
  const line = 'RUN ["app","--token","planted-19", "--name", "n"]';
  const hide = hideSecretsOf([line]);
  expect(hide(line)).toBe('RUN ["app","--token","••••••••••", "--name", "n"]');
  expect(hide('app --name planted-19')).toBe('app --name ••••••••••');
  expect(hideSecretsOf([])(`CMD ['--db-password', '$X', "--api-key","short"]`)).toBe(
    `CMD ['--db-password', '$X', "--api-key","•••••"]`,
  );
});

test.each([
  'RUN curl https://host/x?token=SECRET, then more',
  'RUN (curl https://host/x?token=SECRET)',
  'RUN curl https://host/x?token=SECRET&a=b',
  'RUN curl "https://host/x?a=b&token=SECRET" | tar x',
  'RUN curl "$URL?token=$TOKEN" | tar x',
  'RUN TOKEN=SECRET; make',
  'RUN echo token="SECRET" && make',
  'RUN echo &token="SECRET&SECRET"',
])('what stands after a value that is hidden stays: %s', (text) => {
  const hidden = text.replaceAll('SECRET&SECRET', '•'.repeat(11)).replaceAll('SECRET', '•'.repeat(5));
  expect(hideSecretsOf([])(text.replaceAll('SECRET', 'a1b2c'))).toBe(hidden);
});
