/** Properties of `--fix` and `--unsafe-fixes` on the examples of all rules, with the other rules on as well. */
import { describe, expect, test } from 'vitest';
import { type CheckOptions, checkDockerfile } from '../../src/daemonless/check.ts';
import { compile } from '../../src/daemonless/compile.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { fixDockerfile } from '../../src/daemonless/fix-dockerfile.ts';
import type { WarningCode } from '../../src/diagnostic/codes.ts';
import { countErrors } from '../../src/diagnostic/diagnostic.ts';
import { encodeText } from '../../src/go/text.ts';
import { applyFixes } from '../../src/lint/apply-fixes.ts';
import type { Level } from '../../src/lint/rule.ts';
import { lintRules } from '../../src/lint/rules.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const config = encodeText(
  JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] } }),
);
const images = [{ resolve: async () => ({ digest: `sha256:${'1'.repeat(64)}`, config }) }];
const everyRule = new Map<WarningCode, Level>(lintRules.map(({ name }) => [name, 'warning']));

interface Example {
  readonly text: string;
  readonly name: string;
  readonly lint: NonNullable<CheckOptions['lint']>;
}

const examples: readonly Example[] = lintRules.flatMap(({ name, bad, good, exampleOptions }) =>
  [...bad, ...good].map((text) => {
    const options = new Map(exampleOptions ? [[name, exampleOptions]] : []);
    return { name, text, lint: { rules: everyRule, options } };
  }),
);

function optionsFor(text: string, lint: Example['lint']): CheckOptions {
  const locals = new Map([
    ['context', { ...memoryTree({}), partial: true }],
    ['dockerfile', memoryTree({ Dockerfile: encodeText(text) })],
  ] as const);
  return { opts: {}, locals, images, lint };
}

/** The graph and the image config, or the error. */
async function built(text: string, lint: Example['lint']) {
  try {
    const { definitions, metadata } = await compile(optionsFor(text, lint));
    return [
      [...definitions.values()].map((it) => it.head()),
      [...metadata].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    ];
  } catch (error) {
    return (error as Error).message;
  }
}

const hasFix: readonly Example[] = (
  await Promise.all(
    examples.map(async (it) => ({
      it,
      problems: (await checkDockerfile(optionsFor(it.text, it.lint))).problems,
    })),
  )
).flatMap(({ it, problems }) => (problems.some(({ fix }) => fix) ? [it] : []));

test('many examples have a fix', () => {
  expect(hasFix.length).toBeGreaterThan(40);
});

describe.each(hasFix)('$name: $text', ({ text, lint }) => {
  test.each([false, true])(
    'what is fixed stays fixed, is a Dockerfile and has no new error; unsafe: %s',
    async (unsafe) => {
      const before = await checkDockerfile(optionsFor(text, lint));
      const once = await fixDockerfile(optionsFor(text, lint), { unsafe });
      const again = await fixDockerfile(optionsFor(once.text, lint), { unsafe });
      expect(again.text).toBe(once.text);
      expect(parseDockerfile(once.text).diagnostics).toEqual([]);
      expect(countErrors(once.checked.problems)).toBeLessThanOrEqual(countErrors(before.problems));
      expect(once.checked.problems.filter(({ fix }) => fix && (unsafe || fix.safety === 'safe'))).toEqual([]);
    },
  );

  test('a fix removes its own finding, and none appears that is as bad', async () => {
    const { problems } = await checkDockerfile(optionsFor(text, lint));
    for (const problem of problems) {
      if (!problem.fix) continue;
      const { text: fixed } = applyFixes(text, [problem], { unsafe: true });
      const after = await checkDockerfile(optionsFor(fixed, lint));
      const count = (found: typeof problems) => found.filter(({ code }) => code === problem.code).length;
      expect(count(after.problems), `${problem.code}: ${fixed}`).toBeLessThan(count(problems));
      expect(countErrors(after.problems)).toBeLessThanOrEqual(countErrors(problems));
    }
  });

  test('the build stays the same, apart from fixes that say what they change', async () => {
    const { problems } = await checkDockerfile(optionsFor(text, lint));
    const quiet = problems.filter(({ fix }) => fix && fix.changes === undefined);
    const { text: fixed } = applyFixes(text, quiet, { unsafe: true });
    expect(await built(fixed, lint)).toEqual(await built(text, lint));
  });
});
