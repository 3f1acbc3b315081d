/** The command line says flags where the library says options. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDaemonFailure } from '../../src/cli/daemon-failure.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import { checkAttributes, outputTable } from '../../src/cli/options/attributes.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** A directory with one file, and the arguments that name both. */
function contextOf(text: string, name = 'Dockerfile'): string[] {
  const dir = temporaryDir();
  writeFileSync(path.join(dir, name), text);
  return [dir, '-f', path.join(dir, name)];
}

const program = (text: string) =>
  contextOf(`import { arg, context, image, scratch } from 'tsfront/build';\n${text}\n`, 'build.ts');

test.each([
  ["export default () => scratch().env({ A: arg('V') });", 'hint: Give it with --build-arg V=VALUE.'],
  [
    "export default async () => image(await context('docs').readText('a'));",
    'hint: Give it with --build-context docs=….',
  ],
  ["export default () => scratch().copy(context('docs'), 'a', '/a');", 'give the context with --build-context docs=….'],
  ["export const a = () => scratch();\nexport const b = () => scratch().cmd(['b']);", 'Choose one with --target, or'],
])('hints about build programs name flags: %s', async (text, advice) => {
  expect((await runCli(['compile', ...program(text), '--offline'])).stderr).toContain(advice);
});

test.each(['text', 'gitlab'])('the hints of check name flags, as %s', async (format) => {
  const failing = program("export default async () => image(await context().readText(arg('V')));");
  const { stdout } = await runCli(['check', ...failing, '--offline', '--format', format]);
  expect(stdout).toContain('because V is required and not given: add --build-arg V=VALUE.');
});

test('check names flags for an image whose registry does not answer', async () => {
  const { stdout } = await runCli(['check', ...contextOf('FROM localhost:1/nope:1\n')]);
  expect(stdout).toContain('give the image with --images FILE or --oci-layout localhost:1/nope:1=DIRECTORY');
});

describe('a failure', () => {
  const report = async (error: unknown) => {
    let text = '';
    const writeStderr = (piece: string) => {
      text += piece;
    };
    await reportFailure(error, { signal: new AbortController().signal, stderrHasColor: false, writeStderr });
    return text;
  };

  test('of an attribute that BuildKit has no more names the flag that is there instead', async () => {
    const given = (): void => checkAttributes('--output', outputTable, 'image', [['buildinfo', 'true']]);
    const thrown = await Promise.resolve()
      .then(given)
      .catch((error: unknown) => error);
    expect(await report(thrown)).toContain('BuildKit writes no build info any more: --provenance says what was built');
  });

  test('that quotes a shell with backticks stays as it is', async () => {
    const message = 'process "/bin/sh -c leave out `offline` `file` `target` `build-arg:A`" did not complete';
    expect(await report(new Error(message))).toBe(`error: ${message}\n`);
  });

  test('of a daemon has the flags in its hint alone', () => {
    const error = new RpcError(
      2,
      'RUN `target` `build-arg:V`\nhint: Give it with `build-arg:V`.\n1 more problem: `target`',
    );
    expect(formatDaemonFailure(error, 'build', (name) => name)).toBe(
      'ERROR: failed to solve: RUN `target` `build-arg:V`\nhint: Give it with --build-arg V=VALUE.\n1 more problem: `target`\n',
    );
  });
});
