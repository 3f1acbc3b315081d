import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../src/image/digest.ts';
import {
  familiarString,
  formatReference,
  parseNormalizedNamed,
  parseReference,
  referenceName,
  tagNameOnly,
  trimNamed,
  withDigest,
  withTag,
} from '../../src/image/reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('parseNormalizedNamed', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine', 'alpine'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
    ['docker.io/alpine', 'docker.io/library/alpine', 'alpine'],
    ['index.docker.io/team/app', 'docker.io/team/app', 'team/app'],
    ['index.docker.io/app', 'docker.io/library/app', 'app'],
    ['team/app', 'docker.io/team/app', 'team/app'],
    ['library/a/b', 'docker.io/library/a/b', 'library/a/b'],
    ['localhost/app', 'localhost/app', 'localhost/app'],
    ['localhost:5000/app:dev', 'localhost:5000/app:dev', 'localhost:5000/app:dev'],
    ['Host/app', 'Host/app', 'Host/app'],
    ['127.0.0.1/app', '127.0.0.1/app', '127.0.0.1/app'],
    ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
    ['a--b/c__d/e.f_g', 'docker.io/a--b/c__d/e.f_g', 'a--b/c__d/e.f_g'],
    ['test.com:tag', 'docker.io/library/test.com:tag', 'test.com:tag'],
    ['test:5000', 'docker.io/library/test:5000', 'test:5000'],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`, `alpine@${digest}`],
    [`ghcr.io/a/b:t@${digest}`, `ghcr.io/a/b:t@${digest}`, `ghcr.io/a/b:t@${digest}`],
    ['a-.b.com/x', undefined, 'invalid reference format'],
    ['', undefined, 'invalid reference format'],
    ['A', undefined, 'invalid reference format: repository name (library/A) must be lowercase'],
    ['team/App:1', undefined, 'invalid reference format: repository name (team/App) must be lowercase'],
    ['a.b/À', undefined, 'invalid reference format: repository name (À) must be lowercase'],
    ['alpine:', undefined, 'invalid reference format'],
    ['alpine:-x', undefined, 'invalid reference format'],
    [`alpine:${'x'.repeat(129)}`, undefined, 'invalid reference format'],
    ['alpine@', undefined, 'invalid reference format'],
    ['alpine@sha256:abc', undefined, 'invalid reference format'],
    [`alpine@sha256:${'a'.repeat(32)}`, undefined, 'invalid checksum digest length'],
    [`alpine@sha256:${'A'.repeat(64)}`, undefined, 'invalid checksum digest format'],
    [`alpine@md5:${'a'.repeat(32)}`, undefined, 'unsupported digest algorithm'],
    ['a//b', undefined, 'invalid reference format'],
    ['-a', undefined, 'invalid reference format'],
    ['a_-b', undefined, 'invalid reference format'],
    ['a___b', undefined, 'invalid reference format'],
    ['a..b', undefined, 'invalid reference format'],
    ['a b', undefined, 'invalid reference format'],
    ['alpine:a:b', undefined, 'invalid reference format'],
    ['https://github.com/x/y', undefined, 'invalid reference format'],
    [`[fe80::1%eth0]:5000/${'x'}`, undefined, 'invalid reference format'],
    [
      'a'.repeat(64),
      undefined,
      `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    ],
    [`a/${'b'.repeat(254)}`, undefined, 'repository name must not be more than 255 characters'],
  ])('completes or refuses %s as docker does', (text, full, familiar) => {
    if (full === undefined) return expect(() => parseNormalizedNamed(text)).toThrow(new Error(familiar));
    const reference = parseNormalizedNamed(text);
    expect(formatReference(reference)).toBe(full);
    expect(familiarString(reference)).toBe(familiar);
  });

  test('a long reference is read in time linear in its length', () => {
    for (const text of ['a'.repeat(2e6), 'a.'.repeat(1e6), 'a-'.repeat(1e6), 'a/'.repeat(1e6), '-'.repeat(2e6)]) {
      expect(() => parseNormalizedNamed(`${text}!`)).toThrow('invalid reference format');
      expect(() => parseNormalizedNamed(`${text}/x!`)).toThrow('invalid reference format');
    }
  });
});

describe('references', () => {
  test('references that are read as written get no defaults', () => {
    expect(parseReference('test.com/a:b')).toEqual({ domain: 'test.com', path: 'a', tag: 'b', digest: '' });
    expect(parseReference('test/a')).toEqual({ domain: 'test', path: 'a', tag: '', digest: '' });
    expect(parseReference('a')).toEqual({ domain: '', path: 'a', tag: '', digest: '' });
    expect(() => parseReference('')).toThrow('repository name must have at least one component');
    expect(() => parseReference('Uppercase:tag')).toThrow('repository name must be lowercase');
    expect(() => parseReference('A B')).toThrow('invalid reference format');
    expect(parseReference('Uppercase/lowercase:tag').domain).toBe('Uppercase');
  });

  test('parts of a reference can be replaced', () => {
    const alpine = parseNormalizedNamed('alpine');
    expect(formatReference(tagNameOnly(alpine))).toBe('docker.io/library/alpine:latest');
    expect(formatReference(tagNameOnly(withDigest(alpine, digest)))).toBe(`docker.io/library/alpine@${digest}`);
    expect(formatReference(withDigest(withTag(alpine, '1'), digest))).toBe(`docker.io/library/alpine:1@${digest}`);
    expect(formatReference(withTag(withDigest(alpine, digest), '1'))).toBe(`docker.io/library/alpine:1@${digest}`);
    expect(trimNamed(withTag(alpine, '1'))).toEqual(alpine);
    expect(referenceName(withTag(alpine, '1'))).toBe('docker.io/library/alpine');
    expect(() => withTag(alpine, '')).toThrow('invalid tag format');
    expect(() => withDigest(alpine, 'sha256:abc')).toThrow('invalid digest format');
  });
});

test.each([
  [digest, undefined],
  [`sha512:${'a'.repeat(128)}`, undefined],
  ['', 'invalid checksum digest format'],
  ['sha256:', 'invalid checksum digest format'],
  [':abc', 'invalid checksum digest format'],
  [`sha256:${'a'.repeat(63)}\udcff`, 'invalid checksum digest format'],
  ['sha256', 'invalid checksum digest format'],
  ['sha256:abc', 'invalid checksum digest length'],
  [`sha256:${'g'.repeat(64)}`, 'invalid checksum digest format'],
  ['foo+bar:abc_=-', 'unsupported digest algorithm'],
  ['Foo:abc', 'invalid checksum digest format'],
  ['foo:a$', 'invalid checksum digest format'],
])('parseDigest reads or refuses %s', (text, message) => {
  if (message === undefined) expect(parseDigest(text)).toBe(text);
  else expect(() => parseDigest(text)).toThrow(new Error(message));
});
