/** Completions, in the shells that are here; they are asked as the shell asks when a user presses Tab. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { examples } from '../../src/cli/command-table.ts';
import type { Io } from '../../src/cli/io.ts';
import { createCommandLine } from '../../src/cli/main.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** Words as bash cuts them; the last is completed. */
async function complete(words: readonly string[], cwd = temporaryDir(), env = {}): Promise<string[]> {
  const { stdout } = await runCli(['completion', 'bash']);
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `${stdout}\nCOMP_WORDS=(tsfront ${list}); COMP_CWORD=${words.length}; _tsfront; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const {
    stdout: answer,
    stderr,
    status,
  } = spawnSync('bash', ['-c', script], { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return answer.split('\n').filter((it) => it !== '');
}

test('bash completes commands, options and values', async () => {
  expect(await complete(['bu'])).toEqual(['build']);
  expect(await complete(['history', ''])).toEqual(['ls', 'inspect', 'logs', 'rm']);
  expect(await complete(['build', '--build-arg-'])).toEqual(['--build-arg-file']);
  expect(await complete(['history', 'logs', '--progress', ''])).toEqual(['plain', 'rawjson']);
  expect(await complete(['build', '--progress', '=', 'pl'])).toEqual(['plain']);
  expect(await complete(['completion', ''])).toEqual(['bash', 'zsh', 'fish']);
});

test('bash completes files, directories and the names of builders', async () => {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'a directory'));
  mkdirSync(path.join(dir, 'buildx/instances'), { recursive: true });
  writeFileSync(path.join(dir, 'a file'), '');
  writeFileSync(path.join(dir, 'buildx/instances/mine'), '{}');
  expect((await complete(['build', '-f', 'a'], dir)).sort()).toEqual(['a directory', 'a file']);
  expect(await complete(['compile', '--cache-dir', 'a'], dir)).toEqual(['a directory']);
  expect(await complete(['build', '--builder', ''], dir, { BUILDX_CONFIG: `${dir}/buildx` })).toEqual(['mine']);
});

const installed = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

test.each([['zsh'], ['fish']])('%s accepts the completion script', async (shell) => {
  const { code, stdout } = await runCli(['completion', shell]);
  expect(code).toBe(0);
  expect(stdout).toContain('rawjson');
  if (installed(shell)) expect(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' }).stderr).toBe('');
});

test('another shell is wrong usage', async () => {
  const { code, stderr } = await runCli(['completion', 'tcsh']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});

test('the help of every command has examples whose options it takes', () => {
  const program = createCommandLine({ env: {} } as Io);
  const all = program.commands.flatMap((it) => [it, ...it.commands]);
  const names = all.map((it) => (it.parent === program ? it.name() : `${it.parent?.name()} ${it.name()}`));
  expect(Object.keys(examples).sort()).toEqual([...names].sort());
  for (const [name, lines] of Object.entries(examples)) {
    const command = all[names.indexOf(name)]!;
    const known = command.options.flatMap(({ short, long }) => [short, long]);
    const parts = lines.flatMap((line) => line.split(/&&|\|/)).filter((part) => part.includes(`tsfront ${name}`));
    expect(parts.length).toBeGreaterThan(0);
    for (const flag of parts.flatMap((part) => part.match(/(?<= )--?[a-z][\w-]*/g) ?? []))
      expect(known).toContain(flag);
  }
});
