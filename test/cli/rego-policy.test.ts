import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPolicyDisabled } from '../../src/cli/options/policy.ts';
import { refusePolicyBeside } from '../../src/cli/rego-policy.ts';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

describe('--policy', () => {
  test('says that a policy is to be left out', () => {
    expect(isPolicyDisabled([], {})).toBe(false);
    expect(isPolicyDisabled(['disabled=true'], {})).toBe(true);
    expect(isPolicyDisabled(['Disabled=1'], { BUILDX_DEFAULT_POLICY: '1' })).toBe(true);
    expect(isPolicyDisabled(['disabled=false'], {})).toBe(false);
    expect(isPolicyDisabled(['reset=true'], {})).toBe(true);
    expect(isPolicyDisabled(['strict=true,log-level=debug'], {})).toBe(false);
    expect(isPolicyDisabled([], { BUILDX_DEFAULT_POLICY: 'false' })).toBe(false);
  });

  test('names no policy that nobody would evaluate', () => {
    expect(() => isPolicyDisabled(['reset=true,filename=p.rego'], {})).toThrow(
      '--policy filename=p.rego: that policy is in the language Rego, which tsfront does not evaluate',
    );
    expect(() => isPolicyDisabled([], { BUILDX_DEFAULT_POLICY: 'true' })).toThrow('BUILDX_DEFAULT_POLICY');
  });

  test.each([
    [['disabled=true,reset=true'], 'cannot be combined'],
    [['disabled=true', 'filename=a.rego'], 'cannot be combined'],
    [['disabled'], 'disabled has no value'],
    [['disabled=perhaps'], 'disabled must be true or false'],
    [['filname=a'], 'unknown attribute filname: use filename, reset, disabled, strict or log-level'],
    [['log-level=loud'], 'log-level must be one of'],
    [[''], 'it is empty'],
    [['a"'], 'for --policy: '],
  ])('%j is wrong usage', (values, message) => expect(() => isPolicyDisabled(values, {})).toThrow(message));
});

describe('a policy beside the Dockerfile', () => {
  const dir = temporaryDir();
  const file = (name: string, text = 'FROM scratch\n') => {
    writeFiles(dir, { [name]: text });
    return path.join(dir, name);
  };
  file('plain/Dockerfile');
  file('denied/Dockerfile');
  file('denied/Dockerfile.rego', 'package docker\ndefault allow = false\n');
  file('named/api.Dockerfile');
  file('named/api.Dockerfile.rego', '');
  file('named/Dockerfile');
  file('lower/dockerfile');
  file('lower/dockerfile.rego', '');
  file('directory/Dockerfile');
  mkdirSync(path.join(dir, 'directory/Dockerfile.rego'));
  file('linked/Dockerfile');
  symlinkSync('Dockerfile.rego', path.join(dir, 'linked/Dockerfile.rego')); // to itself: nobody can read it

  test.each(['denied/Dockerfile', 'named/api.Dockerfile', 'lower/Dockerfile', 'directory/Dockerfile'])(
    'a policy beside the Dockerfile is refused under the name %s',
    async (name) => {
      await expect(refusePolicyBeside(path.join(dir, name))).rejects.toThrow(
        /ockerfile\.rego is a policy for this build, in the language Rego, which tsfront does not evaluate/,
      );
    },
  );

  test('a policy that cannot be read is refused', async () => {
    await expect(refusePolicyBeside(path.join(dir, 'linked/Dockerfile'))).rejects.toThrow('cannot tell whether');
  });

  test.each(['plain/Dockerfile', 'named/Dockerfile', 'nowhere/Dockerfile', ''])(
    'a Dockerfile without a policy is accepted: %j',
    (name) => refusePolicyBeside(name && path.join(dir, name)),
  );

  test('compile refuses a policy unless --policy disables it', async () => {
    const at = path.join(dir, 'denied');
    const refused = await runCli(['compile', at]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('--policy disabled=true builds without it');
    expect((await runCli(['compile', '--policy', 'disabled=true', at])).code).toBe(0);
    expect((await runCli(['compile', '-f', path.join(at, 'Dockerfile'), dir])).code).toBe(1);
    expect((await runCli(['compile', path.join(dir, 'plain')])).code).toBe(0);
  });
});
