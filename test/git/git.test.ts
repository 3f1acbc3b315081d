import { describe, expect, test } from 'vitest';
import { parseGitUrl } from '../../src/git/git-url.ts';
import { parseCommitTime } from '../../src/git/object.ts';
import { GitQueryError, type GitRef, parseGitRef } from '../../src/git/ref.ts';

describe('parseGitRef', () => {
  const buildkit = { remote: 'https://github.com/moby/buildkit.git', shortName: 'buildkit' };
  test.each<[string, Partial<GitRef>]>([
    ['https://example.com/foo.git', { remote: 'https://example.com/foo.git', shortName: 'foo' }],
    ['https://example.com/foo.git#release/1.2', { ref: 'release/1.2' }],
    ['git://example.com/foo', { remote: 'git://example.com/foo', shortName: 'foo', unencryptedTcp: true }],
    ['http://example.com/foo.git', { unencryptedTcp: true }],
    [
      'github.com/moby/buildkit#master',
      { remote: 'github.com/moby/buildkit', shortName: 'buildkit', ref: 'master', indistinguishableFromLocal: true },
    ],
    ['github.com/moby/buildkit?tag=v1', { remote: 'github.com/moby/buildkit', ref: 'refs/tags/v1' }],
    ['https://foo:bar@github.com/moby/buildkit.git', { remote: 'https://foo:bar@github.com/moby/buildkit.git' }],
    ['git@github.com:moby/buildkit', { remote: 'git@github.com:moby/buildkit', shortName: 'buildkit', ref: '' }],
    [
      'git@github.com:moby/buildkit.git?subdir=/s#v1',
      { remote: 'git@github.com:moby/buildkit.git', subDir: '/s', ref: 'v1' },
    ],
    ['git@host:', { remote: 'git@host:' }],
    ['https://github.com/foo/bar.git#baz/qux:quux/quuz', { ref: 'baz/qux', subDir: 'quux/quuz' }],
    ['https://github.com/foo/bar.git#:../a//b/', { ref: '', subDir: 'a/b' }],
    ['https://github.com/moby/buildkit.git?ref=v1&subdir=/s', { ...buildkit, ref: 'v1', subDir: '/s' }],
    ['https://github.com/moby/buildkit.git?branch=v1.0', { ...buildkit, ref: 'refs/heads/v1.0' }],
    ['https://github.com/moby/buildkit.git?branch=refs/heads/x', { ref: 'refs/heads/x' }],
    ['https://github.com/moby/buildkit.git?mtime=commit', { ...buildkit, mtime: 'commit' }],
    ['https://github.com/moby/buildkit.git?commit=abc', { ...buildkit, checksum: 'abc' }],
    [
      'https://github.com/moby/buildkit.git?fetch-by-commit&checksum=ab#x',
      { checksum: 'ab', fetchByCommit: true, ref: 'x' },
    ],
    ['https://github.com/moby/buildkit.git?keep-git-dir=0&submodules', { keepGitDir: false, submodules: true }],
    ['https://github.com/moby/buildkit.git?', { remote: 'https://github.com/moby/buildkit.git?' }],
    ['HTTPS://Example.com/A%20b.git', { remote: 'https://Example.com/A%20b.git', shortName: 'A%20b' }],
    ['ssh://git@example.com:22/~/x.git', { remote: 'ssh://git@example.com:22/~/x.git', shortName: 'x' }],
  ])('reads the address and its parts: %s', (text, expected) => {
    expect(parseGitRef(text)).toMatchObject(expected);
  });

  test.each([
    'https://example.com/',
    'https://example.com/foo',
    'https://example.com/foo.git/',
    'https://example.com/foo.git.bar',
    'custom.xyz/moby/buildkit.git',
    'http://github.com/docker/docker.git:#branch',
    './.git',
    '../x.git',
    '.git',
    'httpx://github.com/a/b.git',
    'https://exa mple.com/x.git',
    'https://example.com:x/y.git',
    'https://example.com/%zz.git',
    'git@host:a\nb',
    'git@host:a?b=%zz',
    'alpine',
    '',
  ])('takes %j for something else', (text) => {
    expect(parseGitRef(text)).toBeUndefined();
  });

  test.each([
    ['ref=v1.0.0#v1.2.3', 'ref', 'ref conflicts: "v1.2.3" vs "v1.0.0"'],
    ['ref=v1.0.0&tag=v1.2.3', 'tag', 'ref conflicts: "v1.0.0" vs "refs/tags/v1.2.3"'],
    ['tag=v1.0.0&branch=v1.0', 'branch', 'branch conflicts with tag'],
    ['subdir=a#:b', 'subdir', 'subdir conflicts: "b" vs "a"'],
    ['mtime=invalid', 'mtime', 'invalid mtime value: "invalid" (must be "checkout" or "commit")'],
    ['fetch-by-commit=invalid', 'fetch-by-commit', 'invalid fetch-by-commit value: "invalid"'],
    ['keep-git-dir=x', 'keep-git-dir', 'invalid keep-git-dir value: "x"'],
    ['submodules=x', 'submodules', 'invalid submodules value: "x"'],
    ['invalid=123', 'invalid', 'unexpected query "invalid"'],
    ['ref', 'ref', 'query "ref" has no value'],
    ['ref=a&ref=b', 'ref', 'query "ref" has multiple values'],
  ])('refuses the query ?%s', (query, key, message) => {
    expect(() => parseGitRef(`https://github.com/moby/buildkit.git?${query}`)).toThrow(new GitQueryError(key, message));
  });
});

describe('parseGitUrl', () => {
  test('divides an address into its parts', () => {
    expect(parseGitUrl('ssh://root@sub.example:2222/a/foo.git#v1:dir')).toEqual({
      scheme: 'ssh',
      host: 'sub.example:2222',
      path: '/a/foo.git',
      query: new Map(),
      ref: 'v1',
      subDir: 'dir',
      remote: 'ssh://root@sub.example:2222/a/foo.git',
    });
    expect(parseGitUrl('git@github.com:moby/buildkit.git#a?b')).toMatchObject({
      scheme: 'ssh',
      host: 'github.com',
      path: 'moby/buildkit.git',
      ref: 'a?b',
    });
    expect(() => parseGitUrl('ftp://x/y')).toThrow('ftp: invalid protocol');
    expect(() => parseGitUrl('x/y')).toThrow('unknown protocol');
  });
});

describe('parseCommitTime', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const commit = (committer: string, extra = '') =>
    bytes(`tree c60378\nparent 2777\nauthor A <a@x> 1 +0000\ncommitter ${committer}\n${extra}\nmessage`);

  test('reads the time of a commit, with its zone', () => {
    expect(parseCommitTime(commit('GitHub <noreply@github.com> 1758656883 -0730'))).toEqual({
      seconds: 1758656883n,
      nanos: 0,
      offset: -450,
    });
    expect(parseCommitTime(commit('N <n> <n@x> 5 +0000', 'gpgsig -----BEGIN\n tree x\n committer y\n'))).toEqual({
      seconds: 5n,
      nanos: 0,
    });
    for (const bad of ['N', 'N <x>', 'N <x> 5', 'N <x> five +0000', 'N <x> 5 +000', 'N <x> 5 00000'])
      expect(parseCommitTime(commit(bad))).toBeUndefined();
  });

  test('reads no time of objects that are not commits', () => {
    expect(() => parseCommitTime(bytes('tree x\nauthor y\n\ncommitter z'))).toThrow(
      'invalid commit object: missing committer header',
    );
    expect(() => parseCommitTime(bytes(''))).toThrow('invalid commit object: missing tree header');
    expect(() => parseCommitTime(bytes('object x\ntype commit\n'))).toThrow('invalid tag object: missing tag header');
    expect(() => parseCommitTime(bytes('object x\ntype commit\ntag t\ntagger T <t> 1 +0000\n'))).toThrow(
      'not a commit object',
    );
  });
});
