import { expect, test } from 'vitest';
import { git, http, image, imageBlob, local, ociLayoutBlob, type State, source } from '../../src/llb/index.ts';
import { attrsOf, capsOf, lastOp } from './ops.ts';

test('references are normalized, and invalid ones are an error of marshal', () => {
  const identifier = (ref: string) => {
    const { op } = lastOp(image(ref));
    return op.case === 'source' && op.value.identifier;
  };
  expect(identifier('a/b')).toBe('docker-image://docker.io/a/b:latest');
  expect(identifier('localhost:5000/a:1')).toBe('docker-image://localhost:5000/a:1');
  const invalid = image('UPPER');
  expect(() => invalid.marshal()).toThrow('repository name (library/UPPER) must be lowercase');
});

test('blobs have a digest and no tag', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(attrsOf(ociLayoutBlob(`x@${digest}`, { storeId: 's', chmod: 0o4644, chown: { uid: 0, gid: 3 } }))).toEqual({
    'http.gid': '3',
    'http.perm': '0644',
    'oci.store': 's',
  });
  const { op } = lastOp(imageBlob(`x@${digest}`, { filename: 'f' }));
  expect(op).toMatchObject({ value: { identifier: `docker-image+blob://docker.io/library/x@${digest}` } });
  expect(capsOf(imageBlob(`x@${digest}`))).toEqual(['source.imageblob']);
  expect(() => imageBlob('x').marshal()).toThrow('checksum required in blob reference');
  expect(() => imageBlob(`x:1@${digest}`).marshal()).toThrow('tagged image reference not allowed for blob reference');
  expect(() => imageBlob('x@sha256:invalid').marshal()).toThrow('invalid reference format');
});

test('addresses of git repositories become identifiers and full URLs', () => {
  const identifier = (state: State) => {
    const { op } = lastOp(state);
    return op.case === 'source' && [op.value.identifier, op.value.attrs['git.fullurl']];
  };
  expect(identifier(git('github.com/a/b.git', 'main:sub/../dir'))).toEqual([
    'git://github.com/a/b.git#main:dir',
    'https://github.com/a/b.git',
  ]);
  expect(identifier(git('https://h/p.git#x', ':sub'))).toEqual(['git://h/p.git#:sub', 'https://h/p.git']);
  expect(identifier(git('ftp://h/p'))).toEqual(['git://ftp://h/p', 'ftp://h/p']);
  expect(identifier(git('ssh://git@h:22/p', 'v1', { ref: 'v2' }))).toEqual(['git://h:22/p#v2', 'ssh://git@h:22/p']);
});

test('the options of a git source become its attributes', () => {
  expect(attrsOf(git('git@h:p', '', { knownSshHosts: 'h ssh-rsa A\n', authTokenSecret: '' }))).toEqual({
    'git.authheadersecret': 'GIT_AUTH_HEADER',
    'git.fullurl': 'git@h:p',
    'git.knownsshhosts': 'h ssh-rsa A\n',
    'git.mountsshsock': 'default',
  });
  const bundle = { locator: 'oci-layout+blob://x@sha256:y', sessionId: 's', storeId: 'st' };
  const state = git('https://h/p', '', {
    checksum: 'c',
    mtime: 'commit',
    fetchByCommit: true,
    bundle,
    checkoutBundle: true,
  });
  expect(attrsOf(state)).toMatchObject({
    'git.bundle': bundle.locator,
    'git.checkoutbundle': 'true',
    'git.fetchbycommit': 'true',
    'git.mtime': 'commit',
    'oci.session': 's',
    'oci.store': 'st',
  });
  expect(capsOf(state)).toEqual([
    'source.git',
    'source.git.bundle',
    'source.git.checkoutbundle',
    'source.git.checksum',
    'source.git.fetchbycommit',
    'source.git.fullurl',
    'source.git.mtime',
  ]);
});

test('local directories differ by session or id', () => {
  expect(attrsOf(local('x'))).toEqual({ 'local.unique': 'id' });
  expect(attrsOf(local('x', { uniqueId: 'own' }))).toEqual({ 'local.unique': 'own' });
  expect(attrsOf(local('x', { sessionId: 's', uniqueId: 'own' }))).toEqual({ 'local.session': 's' });
  const [a, b] = [local('x').marshal(), local('x').marshal()];
  expect(a!.head()).not.toBe(b!.head());
});

test('patterns are written as Go writes JSON, and empty lists are left out', () => {
  const state = local('x', {
    includePatterns: ['<a>&'],
    excludePatterns: [],
    metadataOnly: ['k'],
    differ: { type: 'metadata' },
  });
  expect(attrsOf(state)).toEqual({
    'local.differ': 'metadata',
    'local.includepattern': '["\\u003ca\\u003e\\u0026"]',
    'local.metadatatransfer': 'true',
    'local.metadatatransferexclude': '["k"]',
    'local.unique': 'id',
  });
  expect(capsOf(state)).not.toContain('source.local.differ');
  expect(attrsOf(local('x', { metadataOnly: [] }))).toMatchObject({ 'local.metadatatransfer': 'true' });
});

test('the signature and the headers of an http source become its attributes', () => {
  const state = http('https://h/p', { signature: { pubKey: 'K', signature: 'S' }, header: {} });
  expect(attrsOf(state)).toEqual({ 'http.sig.pubkey': 'K', 'http.sig.signature': 'S' });
  expect(capsOf(state)).toEqual(['source.http', 'source.http.header', 'source.http.signatureverify']);
});

test('any source can be named by its identifier', () => {
  expect(lastOp(source('x://y', { b: '1', a: '' })).op).toMatchObject({
    value: { identifier: 'x://y', attrs: { a: '', b: '1' } },
  });
  expect(() => source('').marshal()).toThrow("source identifier can't be empty");
});
