/** A script with CR LF is told where it is built and where it is checked. */
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

let context: string;
beforeAll(() => {
  context = temporaryDir({
    'bin/start.sh': '#!/bin/sh\r\nexec a\r\n',
    Dockerfile: 'FROM scratch\nCOPY bin /bin\nENTRYPOINT ["/bin/start.sh"]\n',
  });
});

const trouble =
  /the lines of bin\/start\.sh end with CR LF, .* reports "not found" [\s\S]*dos2unix bin\/start\.sh, and a line "bin\/start\.sh text eol=lf" in \.gitattributes/;

test('check warns of scripts whose lines end with carriage returns', async () => {
  const { code, stdout } = await runCli(['check', context, '--offline']);
  expect(code).toBe(1);
  expect(stdout).toContain(`${context}/Dockerfile:2:6: warning[CarriageReturn]: the lines of bin/start.sh`);
  expect(stdout).toMatch(trouble);
});

test('check of a Dockerfile on its own does not know the context', async () => {
  expect((await runCli(['check', path.join(context, 'Dockerfile'), '--offline'])).stdout).toContain('no problems');
});

await onEngines('builds', { suites: ['forky'] }, (engine) => {
  const build = (...args: string[]) =>
    runCli(['build', context, '--builder', engine.address, '--output=type=cacheonly', '--progress=plain', ...args]);

  test('a build that succeeds warns of its scripts with CR LF', async () => {
    const { code, stderr } = await build();
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`WARNING: Dockerfile:2: ${trouble.source}`));
  });

  test('a build that fails in RUN of such a script warns of it', async () => {
    const dir = temporaryDir({ 'x.sh': '#!/bin/sh\r\n', Dockerfile: 'FROM scratch\nCOPY x.sh /\nRUN ["/x.sh"]\n' });
    const { code, stderr } = await runCli(['build', dir, '--builder', engine.address]);
    expect(code).toBe(1);
    expect(stderr.match(/WARNING: Dockerfile:2: the lines of x\.sh end with CR LF/g)).toHaveLength(1);
  });

  test('the warning is not one of the frontend, and is absent if little output is wanted', async () => {
    expect((await build('--check')).stdout).toContain('no warnings found');
    expect((await build('--progress=quiet')).stderr).toBe('');
  });
});
