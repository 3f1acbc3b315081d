/** Every rule reports what its page calls bad, accepts what it calls good, and its fixes make one of the other. */
import { describe, expect, test } from 'vitest';
import type { LintRuleName } from '../../../src/diagnostic/codes.ts';
import type { Diagnostic } from '../../../src/diagnostic/diagnostic.ts';
import { lintDockerfile } from '../../../src/lint/lint.ts';
import type { RuleOptions } from '../../../src/lint/rule.ts';
import { lintRules } from '../../../src/lint/rules.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';
import { applyFix } from '../apply-fix.ts';

/** What one rule finds in a Dockerfile, whatever its level is. */
async function findings(name: LintRuleName, text: string, options: RuleOptions = {}): Promise<readonly Diagnostic[]> {
  const dockerfile = parseDockerfile(text);
  expect(dockerfile.diagnostics).toEqual([]);
  const found = await lintDockerfile(dockerfile, {
    rules: new Map([[name, 'warning']]),
    options: new Map([[name, options]]),
  });
  return found.filter(({ code }) => code === name);
}

describe.each(lintRules)('the rule $name', ({ name, bad, good, fix, exampleOptions }) => {
  const find = (text: string) => findings(name, text, exampleOptions);

  test.each(bad)('reports the bad example %j', async (text) => {
    expect(await find(text)).not.toEqual([]);
  });

  test.each(good)('accepts the good example %j', async (text) => {
    expect(await find(text)).toEqual([]);
  });

  test.each(bad)('says where, what and what to do about %j', async (text) => {
    for (const { message, hint, range, lines } of await find(text)) {
      expect(message).toMatch(/^(?!The ).*[^.]$/s);
      expect(hint).toMatch(/^[A-Z].*\.$/s);
      expect(range!.end).toBeGreaterThan(range!.start);
      expect(range!.end).toBeLessThanOrEqual(text.length);
      expect(lines).toHaveLength(1);
    }
  });

  test.skipIf(fix === undefined)('a fix mends the first bad example, once and for all', async () => {
    const mended = applyFix(
      bad[0],
      (await find(bad[0])).map((it) => it.fix),
    );
    expect(mended).toBe(good[0]);
    expect(await find(mended)).toEqual([]);
  });

  test.each(bad)('fixes of %j leave a Dockerfile that has fewer findings', async (text) => {
    const before = await find(text);
    const fixes = before.map((it) => it.fix).filter((it) => it !== undefined);
    if (fix === undefined) expect(fixes).toEqual([]);
    if (fix === 'safe' && fixes.length > 0) expect(['safe', 'unsafe']).toContain(fixes[0]!.safety);
    if (fix === 'unsafe') for (const it of fixes) expect(it.safety).toBe('unsafe');
    if (fixes.length > 0) expect((await find(applyFix(text, fixes))).length).toBeLessThan(before.length);
  });
});

describe('what a finding says is true', () => {
  const instruction = (text: string) => `FROM alpine:3.22\nENV APP=/app\n${text}\n`;

  test.each<[LintRuleName, string, string, string]>([
    ['UntaggedBase', 'ARG B=alpine\nFROM $B\n', 'alpine has no tag, so it is latest', 'as in alpine:1.2'],
    [
      'AddOfLocalFile',
      instruction('ADD app.py rootfs /'),
      'ADD unpacks rootfs if it is an archive, and otherwise does what COPY does',
      'Write COPY, or ADD --unpack=true for an archive.',
    ],
    [
      'CopyBeforeInstall',
      instruction('COPY . .\nRUN pip install -r /app/requirements-dev.txt'),
      'run pip install again',
      'Copy only requirements-dev.txt before pip install,',
    ],
    [
      'CopyBeforeInstall',
      instruction('COPY . .\nRUN pip install --no-cache-dir -r a.txt -r b.txt -r c.txt'),
      'run pip install again',
      'Copy only a.txt, b.txt and c.txt before pip install,',
    ],
    ['PackageCacheKept', instruction('RUN ["apk", "add", "curl"]'), 'apk add leaves the package index', '--no-cache'],
    ['PackageCacheKept', instruction('RUN yum -y install gcc'), 'yum install leaves', 'target=/var/cache/yum'],
    ['SudoInRun', instruction('RUN ["sudo", "make"]'), 'becomes root', 'Remove sudo'],
    [
      'RemovedInLaterLayer',
      instruction('RUN curl -fsSLo /tmp/a https://example.com/a\nRUN rm /tmp/a'),
      'the layer of RUN at line 3 still has it',
      'Remove it at the end of the RUN that downloads it.',
    ],
    ['CdDoesNotLast', instruction('RUN cd $APP'), 'cd $APP ends', 'Write WORKDIR $APP instead.'],
    ['CdDoesNotLast', instruction('RUN cd -P /x'), 'cd /x ends', 'Write WORKDIR /x instead.'],
    ['CdDoesNotLast', instruction('RUN cd'), 'cd ends', 'Write WORKDIR /PATH instead.'],
    [
      'SecretInText',
      instruction(`ENV A=${'npm_'}abcdefghijklmnopqrstuvwxyz0123456789`),
      'an npm token is written here',
      'Revoke it',
    ],
  ])('%s says what is true of %j', async (name, text, message, hint) => {
    const [found] = await findings(name, text);
    expect(found?.message).toContain(message);
    expect(found?.hint).toContain(hint);
  });

  test.each<[LintRuleName, string]>([
    ['SeveralSourcesToFile', 'COPY a b "c:\\x\\"]'],
    ['CurlWithoutFail', 'RUN ["curl", "-f", "http://localhost"]'],
    [
      'RemovedInLaterLayer',
      'RUN --mount=type=cache,target=/tmp curl -fo /tmp/a https://example.com/a\nRUN rm -f /tmp/a',
    ],
    [
      'RemovedInLaterLayer',
      'RUN curl -fo /tmp/a https://example.com/a\nRUN --mount=type=tmpfs,target=/tmp rm -f /tmp/a',
    ],
    ['RemovedInLaterLayer', 'RUN if true; then curl -fo /tmp/a https://example.com/a; fi\nRUN rm -f /tmp/a'],
  ])('%s says nothing of %s', async (name, text) => {
    expect(await findings(name, instruction(text))).toEqual([]);
  });

  test.each([
    ['~/x', 'it does not know ~'],
    ['$HOME', 'only the variables of ARG and ENV, not $HOME'],
    ['"$(dirname x)"', 'it runs no commands'],
  ])('no WORKDIR takes the place of cd %s', async (target, why) => {
    const [found] = await findings('CdDoesNotLast', instruction(`RUN cd ${target}`));
    expect(found?.hint).toContain(why);
    expect(found?.fix).toBeUndefined();
  });
});
