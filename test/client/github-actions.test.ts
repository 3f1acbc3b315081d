/** In GitHub Actions long output folds, and nothing that a build prints is a command to the runner. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { workflowAnnotations } from '../../src/cli/build-command/workflow-annotations.ts';
import { ioWriters } from '../../src/cli/io.ts';
import { createDisplay, type ProgressMode, type VertexWarning } from '../../src/client/index.ts';
import { withoutCommands, workflowCommand } from '../../src/text/workflow-commands.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { T, update, vertex } from './status-update.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const actions = { GITHUB_ACTIONS: 'true' };

/**
 * What the runner takes for a command: `::` at the start of a line or `##[` anywhere; it ends lines at carriage returns
 * too.
 */
const commandsOf = (text: string) =>
  text.split(/\r\n|\r|\n/).filter((line) => line.trim().startsWith('::') || line.includes('##['));

async function show(pieces: readonly string[], env = {}, mode: ProgressMode = 'auto', isTTY = false) {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const display = await createDisplay(mode, { write, isTTY, columns: 80, rows: 40 }, env);
  display.update(update({ vertexes: [vertex('b', 'RUN b ##[add-path]x', { started: T })] }));
  for (const piece of pieces)
    display.update(update({ logs: [{ vertex: 'b', stream: 'stdout', data: Buffer.from(piece), timestamp: T }] }));
  display.refresh();
  const error = 'failed\n::set-output name=a::b';
  display.update(update({ vertexes: [vertex('b', 'RUN b', { started: T, completed: T + 1, error })] }));
  display.done();
  return text;
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');

test('the output of a step folds after its tenth line', async () => {
  const text = await show([lines(12), 'x\n'], actions);
  expect(text).toContain(
    '#1 0.000 line 10\n::group::#1 RUN b # #[add-path]x (continued)\n#1 0.000 line 11\n#1 0.000 line 12\n#1 0.000 x\n::endgroup::\n#1 ERROR: failed',
  );
  expect(commandsOf(text)).toHaveLength(2);
  expect(commandsOf(await show([lines(10)], actions))).toEqual([]);
});

test.each<[string, Record<string, string>, ProgressMode, boolean]>([
  ['elsewhere', {}, 'auto', false],
  ['where GITHUB_ACTIONS is not true', { GITHUB_ACTIONS: 'false' }, 'auto', false],
  ['with --progress=plain', actions, 'plain', false],
  ['on a terminal', actions, 'tty', true],
])('nothing is folded %s', async (_, env, mode, isTTY) => {
  expect(await show([lines(30)], env, mode, isTTY)).not.toContain('group::');
});

test.each(['auto', 'plain'] as const)('no output is a command, with %s', async (mode) => {
  const hostile = ['a\r::set-output name=x::y\r\n', '::stop-commands::t\n', '  ::add-mask::x\n', 'b ##[set-env]\n', '#', '#', '[error]c\n', 'std:', ':vector ', '::x\n', 'partial\r', '::y'];
  const text = await show(hostile, actions, mode);
  expect(commandsOf(text)).toEqual([]);
  for (const shown of ['#1 0.000 ::set-output name=x::y\n', '#1 0.000 # #[error]c\n', '#1 0.000 std::vector ::x\n', '#1 0.000 ::y\n', '\n: :set-output name=a::b\n'])
    expect(text).toContain(shown);
  expect(commandsOf(await show(hostile, {}, mode))).not.toEqual([]); // as they came, for other programs
}); // biome-ignore format: a list

test('text for people has no commands', async () => {
  expect(withoutCommands('::a::\r\n  ::b::c\nd ::e ##[f]')).toBe(': :a::\n  : :b::c\nd ::e # #[f]');
  const written = (env: Record<string, string>) => {
    let text = '';
    const stderr = { write: (part: string) => void (text += part) };
    const streams = {
      stderr,
      stdout: stderr,
      stdoutHasColor: false,
      stderrHasColor: false,
      writeStdout: async () => {},
    };
    ioWriters(streams, env).writeStderr('ERROR: no\n::set-output name=a::b\n');
    return text;
  };
  expect(commandsOf(written(actions))).toEqual([]);
  expect(commandsOf(written({}))).toHaveLength(1);
});

test('warnings become annotations of the workflow', () => {
  expect(workflowCommand('warning', '50%\nb', { file: 'a,b:c' })).toBe('::warning file=a%2Cb%3Ac::50%25%0Ab\n');
  const warning = {
    short: 'Rule: mind\n::this (line 2)',
    detail: ['why, and', 'how'],
    url: 'https://example.com/rule',
    source: { filename: 'services/Dockerfile' },
    ranges: [{ start: { line: 2 }, end: { line: 4 } }],
  } as unknown as VertexWarning;
  const env = { ...actions, GITHUB_WORKSPACE: process.cwd() };
  const expected = `title=why%2C and how,file=services/Dockerfile,line=2,endLine=4::Rule: mind%0A::this%0AMore info: https://example.com/rule`;
  expect(workflowAnnotations([warning], env)).toBe(`::warning ${expected}\n`);
  expect(workflowAnnotations([warning], {})).toBe('');
  expect(workflowAnnotations([warning], { ...env, DOCKER_BUILD_CHECKS_ANNOTATIONS: 'false' })).toBe('');
});

await onEngines('a build in GitHub Actions', { suites: ['forky'] }, (engine) => {
  test('folds, warns beside the lines, and keeps a hostile Dockerfile from the runner', async () => {
    const run = `RUN for i in $(seq 40); do echo "$i ##[set-env name=a]"; printf '\\r::stop-commands::t\\n'; done; echo ${Math.random()}; exit 3`;
    const dir = temporaryDir({ Dockerfile: `FROM ${await engine.baseImage()} as x\n${run}\n` });
    const args = [cli, 'build', '--output=type=cacheonly', '.'];
    const env = { ...actions, GITHUB_WORKSPACE: dir };
    const { status, stderr } = await engine.run(process.execPath, args, { cwd: dir, env });
    expect(status, stderr).toBe(1);
    expect(commandsOf(stderr)).toEqual([
      expect.stringMatching(/^::group::#\d+ \[2\/2\] RUN for i .*\(continued\)$/),
      '::endgroup::',
      expect.stringMatching(/^::warning title=.*,file=Dockerfile,line=1,endLine=1::FromAsCasing: /),
    ]);
    expect(stderr).toContain(' ::stop-commands::t\n');
  });
});
