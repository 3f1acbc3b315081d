/** Rules see the commands that the shell of a build runs, at their places in the file. */
import { expect, test } from 'vitest';
import { lintDockerfile } from '../../../src/lint/lint.ts';
import { createLintFile, type LintCommand } from '../../../src/lint/lint-file.ts';
import { parseDockerfile } from '../../../src/parser/index.ts';
import { goldenNames, readCase } from '../../golden/cases.ts';

async function commandsOf(text: string): Promise<readonly LintCommand[]> {
  const file = await createLintFile(parseDockerfile(text));
  return file.stages.flatMap(({ commands }) => commands);
}

/** The commands of the first instruction that has any, in short. */
async function inShort(text: string): Promise<string[]> {
  const [first] = await commandsOf(text);
  return first!.script.commands.map(({ name, args, operator, scopes }) =>
    [operator, ...scopes.map((scope) => `(${scope})`), name, ...args.map(({ value }) => value ?? '?')]
      .filter((part) => part !== '')
      .join(' '),
  );
}

test('a list has the operators between its commands', async () => {
  expect(await inShort('FROM a\nRUN a 1 && b || c; d & e | f\n')).toEqual(['a 1', '&& b', '|| c', '; d', '; e', '; f']);
});

test('quotes are resolved, and variables are unknown', async () => {
  expect(await inShort(`FROM a\nRUN a "b c" 'd' e\\ f "$g" h=$i *.txt\n`)).toEqual(['a b c d e f ? ? *.txt']);
});

test('the program is the one that runs in the end', async () => {
  for (const [text, name] of [
    ['sudo -u app /usr/bin/make all', 'make'],
    ['env -u A B=c make all', 'make'],
    ['DEBIAN_FRONTEND=noninteractive make all', 'make'],
    ['timeout -k 5 10 make all', 'make'],
    ['exec make', 'make'],
    ['command -v make', 'command'],
    ['$PROGRAM all', ''],
    ['sudo', 'sudo'],
  ]) {
    const [first] = await commandsOf(`FROM a\nRUN ${text}\n`);
    expect(first!.script.commands[0]!.name, text).toBe(name);
  }
});

test('commands in compound commands and substitutions are found', async () => {
  expect(
    await inShort(
      'FROM a\nRUN if a; then b; else c; fi; for i in 1; do d; done; (e); { f; }; g $(h "$(i)") `j`; k() { l; }\n',
    ),
  ).toEqual([
    '(condition) a',
    '(branch) b',
    '(branch) c',
    '(loop) d',
    '(subshell) e',
    '(group) f',
    '(substitution) (substitution) i',
    '(substitution) h ?',
    '(substitution) j',
    '; g ? ?',
    '(function) (group) l',
  ]);
});

test('comments, empty lines and another escape character do not move places', async () => {
  const text = 'FROM a\nRUN --mount=type=cache,target=/x a \\\n  # comment $(\n\n    b \\  \n  && c\r\n';
  const other = `# escape=\`\n${text.replaceAll('\\', '`').replace('\n', '\nSHELL ["sh", "-c"]\n')}`;
  for (const file of [text, other]) {
    const [first] = await commandsOf(file);
    const { commands } = first!.script;
    expect(commands.map(({ name, args }) => [name, ...args.map(({ value }) => value)])).toEqual([['a', 'b'], ['c']]);
    for (const { words } of commands)
      for (const { range, text: word } of words) expect(file.slice(range.start, range.end)).toBe(word);
  }
});

test('the shell gets what the reference gives it', async () => {
  let compared = 0;
  for (const name of goldenNames()) {
    const text = String(readCase(name).files.get('Dockerfile') ?? '');
    const dockerfile = parseDockerfile(text);
    for (const { commands } of (await createLintFile(dockerfile)).stages) {
      for (const { instruction, script, exec, shell, isHeredoc } of commands) {
        if (exec || !shell.isPosix || isHeredoc || !script.isValid) continue;
        if ('shellForm' in instruction && !instruction.shellForm) continue;
        for (const { words } of script.commands) {
          for (const { text: word, range } of words) {
            const written = text.slice(range.start, range.end);
            if (!written.includes('\n')) expect(written).toBe(word);
            expect(instruction.range.start).toBeLessThanOrEqual(range.start);
            compared++;
          }
        }
      }
    }
  }
  expect(compared).toBeGreaterThan(1000);
});

test.each([
  ['RUN ["sh", "-c", "apt-get install curl"]', ['apt-get install curl'], 'apt-get'],
  ['RUN ["/bin/bash", "-o", "pipefail", "-lc", "a \\"b c\\" | d"]', ['a b c', 'd'], 'd'],
  ['RUN ["bash", \\\n  "-ec", "\\u0061; \\\n  make"]', ['a', '; make'], 'make'],
  ['RUN ["sh", "-c", "make $0", "x"]', ['make ?'], 'make'],
])('the text of a shell in an array is read: %s', async (line, commands, last) => {
  const text = `FROM a\n${line}\n`;
  expect(await inShort(text)).toEqual(commands);
  const [run] = await commandsOf(text);
  expect(run!.exec).toBeUndefined();
  const { start, end } = run!.script.commands.at(-1)!.nameWord!.range;
  expect(text.slice(start, end)).toBe(last);
});

test('a shell in an array has its own options', async () => {
  const [run] = await commandsOf('FROM a\nRUN ["/bin/bash", "-o", "pipefail", "-ec", "a | b"]\n');
  expect(run!.shell).toEqual({ isPosix: true, name: 'bash', pipefail: true, errexit: true });
});

test.each([
  ['make', 'RUN ["make", "-c", "sudo x"]'],
  ['sh', 'RUN ["sh", "script.sh", "-c", "sudo x"]'],
  ['sh', 'RUN ["sh", "-c"]'],
  ['pwsh', 'RUN ["pwsh", "-c", "sudo x"]'],
  ['apk', 'RUN ["/usr/bin/sudo", "/sbin/apk", "|", "$x"]'],
])('an array that runs no text of a shell is one command, of %s: %s', async (program, line) => {
  const [run] = await commandsOf(`FROM a\n${line}\n`);
  expect(run!.exec).toBeDefined();
  expect(run!.script.commands.map(({ name, words }) => [name, words.map(({ value }) => value)])).toEqual([
    [program, run!.exec],
  ]);
});

test('no edit is made in the text of an array, which has quotes of its own', async () => {
  const text = 'FROM alpine:3.22\nRUN ["sh", "-c", "sudo apt-get install curl"]\n';
  const found = await lintDockerfile(parseDockerfile(text));
  expect(found.map(({ code }) => code)).toEqual(expect.arrayContaining(['SudoInRun', 'UnansweredInstall']));
  expect(found.filter(({ fix }) => fix)).toEqual([]);
});
