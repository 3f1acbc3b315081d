/** A script with CR LF is told where it is built and where it is checked. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { runCli } from './run-cli.ts';

let context: string;
beforeAll(() => {
  context = mkdtempSync(path.join(tmpdir(), 'tsfront-crlf-'));
  mkdirSync(path.join(context, 'bin'));
  writeFileSync(path.join(context, 'bin/start.sh'), '#!/bin/sh\r\nexec a\r\n');
  writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY bin /bin\nENTRYPOINT ["/bin/start.sh"]\n');
});
afterAll(() => rmSync(context, { recursive: true, force: true }));

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
    const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-crlf-'));
    try {
      writeFileSync(path.join(dir, 'x.sh'), '#!/bin/sh\r\n');
      writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY x.sh /\nRUN ["/x.sh"]\n');
      const { code, stderr } = await runCli(['build', dir, '--builder', engine.address]);
      expect(code).toBe(1);
      expect(stderr.match(/WARNING: Dockerfile:2: the lines of x\.sh end with CR LF/g)).toHaveLength(1);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('the warning is not one of the frontend, and is absent if little output is wanted', async () => {
    expect((await build('--check')).stdout).toContain('no warnings found');
    expect((await build('--progress=quiet')).stderr).toBe('');
  });
});
