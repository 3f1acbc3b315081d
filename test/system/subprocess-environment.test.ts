import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { subprocessEnvironment } from '../../src/system/subprocess-environment.ts';

test('a subprocess gets no variable about the repository that a hook runs for', () => {
  const local = execFileSync('git', ['rev-parse', '--local-env-vars']).toString().trim().split('\n');
  expect(local).toContain('GIT_DIR');
  const ofHooks = ['GIT_QUARANTINE_PATH', 'GIT_NAMESPACE', 'GIT_AUTHOR_NAME', 'GIT_EDITOR', 'GIT_REFLOG_ACTION'];
  const others = ['GIT_DEFAULT_HASH', 'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF', 'GIT_ATTR_SOURCE'];
  const hostile = Object.fromEntries([...local, ...ofHooks, ...others].map((name) => [name, '/home/user/repo/.git']));
  expect(subprocessEnvironment({ PATH: '/bin', ...hostile })).toEqual({ PATH: '/bin' });
});

test('a subprocess gets the variables that say how git and ssh connect', () => {
  const kept = {
    PATH: '/bin',
    HOME: '/home/user',
    SSH_AUTH_SOCK: '/agent',
    https_proxy: 'http://proxy',
    GIT_SSH_COMMAND: 'ssh -i key',
    GIT_SSL_CAINFO: '/ca.pem',
    GIT_HTTP_PROXY_AUTHMETHOD: 'basic',
    GIT_ASKPASS: 'ask',
    GIT_CONFIG_GLOBAL: '/gitconfig',
    GIT_ALLOW_PROTOCOL: 'https',
    GIT_EXEC_PATH: '/usr/lib/git-core',
    DOCKER_CONFIG: '/docker',
  };
  expect(subprocessEnvironment(kept)).toEqual(kept);
});

test('a subprocess gets the configuration of git that variables hold only if it is complete', () => {
  const whole = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader', GIT_CONFIG_VALUE_0: 'A: b' };
  expect(subprocessEnvironment(whole)).toEqual(whole);
  for (const broken of [
    { ...whole, GIT_CONFIG_COUNT: '2' },
    { ...whole, GIT_CONFIG_COUNT: '-1' },
    { ...whole, GIT_CONFIG_COUNT: undefined },
    { ...whole, GIT_CONFIG_KEY_0: '' },
  ])
    expect(subprocessEnvironment(broken)).toEqual({});
});

test('a subprocess gets no variable about this process of Node', () => {
  const own = { NODE_OPTIONS: '--inspect', NODE_V8_COVERAGE: '/c', npm_config_cache: '/n', npm_lifecycle_event: 'x' };
  expect(subprocessEnvironment({ ...own, NODE_EXTRA_CA_CERTS: '/ca' })).toEqual({ NODE_EXTRA_CA_CERTS: '/ca' });
});

test('the caller sets and removes variables of a subprocess', () => {
  const env = subprocessEnvironment(
    { LANGUAGE: 'de', GIT_DIR: '/x' },
    { LANGUAGE: undefined, LC_ALL: 'C', GIT_DIR: '/y' },
  );
  expect(env).toEqual({ LC_ALL: 'C', GIT_DIR: '/y' });
});
