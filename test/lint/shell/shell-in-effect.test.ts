/** Rules know which shell reads a command. */
import { expect, test } from 'vitest';
import { createLintFile } from '../../../src/lint/lint-file.ts';
import { readShell } from '../../../src/lint/shell/shell.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';

async function runsOf(text: string) {
  const { stages } = await createLintFile(parseDockerfile(text));
  return stages.flatMap(({ runs }) => runs);
}

test('SHELL counts for the instructions below it, and for stages that are made from its stage', async () => {
  const runs = await runsOf(
    'FROM a AS b\nRUN a\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN b\nFROM b\nRUN c\nFROM a\nRUN d\n',
  );
  expect(runs.map(({ shell }) => `${shell.name} ${shell.pipefail}`)).toEqual([
    'sh false',
    'bash true',
    'bash true',
    'sh false',
  ]);
});

test.each([
  [['/bin/sh', '-c'], { isPosix: true, name: 'sh', pipefail: false, errexit: false }],
  [['/bin/bash', '-euxo', 'pipefail', '-c'], { isPosix: true, name: 'bash', pipefail: true, errexit: true }],
  [
    ['/bin/bash', '-o', 'errexit', '-o', 'pipefail', '-c'],
    { isPosix: true, name: 'bash', pipefail: true, errexit: true },
  ],
  [['/usr/bin/env', '-S', 'bash', '-e'], { isPosix: true, name: 'bash', pipefail: false, errexit: true }],
  [['powershell', '-Command'], { isPosix: false, name: 'powershell', pipefail: false, errexit: false }],
  [['C:\\Windows\\cmd.exe', '/S', '/C'], { isPosix: false, name: 'cmd.exe', pipefail: false, errexit: false }],
])('%j is read', (words, shell) => {
  expect(readShell(words)).toEqual(shell);
});

test('commands of PowerShell, of Windows and of other interpreters are not read', async () => {
  for (const text of [
    'FROM a\nSHELL ["pwsh", "-Command"]\nRUN a | b\n',
    'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN a | b\n',
    '# escape=`\nFROM a\nRUN a | b\n',
    'FROM a\nRUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n',
  ])
    expect((await runsOf(text)).map(({ script }) => script.commands)).toEqual([[]]);
});

test('a here-document is the script if the command has nothing else, and part of the command otherwise', async () => {
  const names = async (text: string) =>
    (await runsOf(text)).flatMap(({ script, isHeredoc }) => [isHeredoc, ...script.commands.map(({ name }) => name)]);
  expect(await names('FROM a\nRUN <<EOF\na\nb\nEOF\n')).toEqual([true, 'a', 'b']);
  expect(await names('FROM a\nRUN <<-"EOF"\n\ta\n\tb\n\tEOF\n')).toEqual([true, 'a', 'b']);
  expect(await names('FROM a\nRUN <<EOF cat\na\nEOF\n')).toEqual([false, 'cat']);
  expect(await names('FROM a\nRUN cat <<A <<B > /x && c\n$(a)\nA\nb\nB\n')).toEqual([false, 'a', 'cat', 'c']);
});
